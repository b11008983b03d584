/** Stops a run on a Node that the tools were not tried on, and says what to do. */
export default function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  throw new Error(
    `Graylane's tests need Node 22.19 or later and run on ${process.version}. ` +
      'The workspace installs Node 24 by itself as an optional dependency; that seems to have failed. ' +
      'Delete node_modules, run "npm run bootstrap" and read what it says, or install Node 24.',
  );
}
