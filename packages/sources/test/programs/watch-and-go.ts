// Opens a registry, prints what it knows, and comes to its end: nothing that a registry does may keep a process.
import { openRegistry } from '@graylane/sources/open';
import { instanceOf } from '@graylane/testkit';

const [url = '', how] = process.argv.slice(2);
const registry = await openRegistry(url);
await registry.ready();
if (how === 'registered') {
  await registry.register(instanceOf('program', 1)).accepted;
  await registry.close();
}
if (how === 'closed') await registry.close();
console.log([...registry.snapshot().services.keys()].join());
