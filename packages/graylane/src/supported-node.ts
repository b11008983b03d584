// Imported before all else: what comes after needs a Node that is not too old, and would fail with words of its own.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`graylane needs Node.js 22.19 or later, and this is ${process.versions.node}.`);
  process.exit(2);
}
