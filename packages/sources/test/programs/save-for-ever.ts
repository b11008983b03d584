// Saves one state after the other until it is killed. Each says how long it is, so that a half one is known as such.
import { openStateFile } from '../../src/state-file.ts';

const file = openStateFile(process.argv[2], 'instances', (error) => {
  throw error;
});
for (let number = 1; ; number++) {
  const length = 6_000_000 + number;
  file.save({ number, length, text: 'x'.repeat(length) });
  await file.flushed();
  if (number === 1) process.stdout.write('saved\n');
}
