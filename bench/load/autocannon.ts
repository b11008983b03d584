// Runs autocannon in a process of its own, so that it can be pinned to a core and does not count as the bench's own work.
import autocannon from 'autocannon';
import type { Generated, Load } from './generator.ts';

const { port, requests, connections, seconds }: Load = JSON.parse(process.argv[2] ?? '');
const {
  errors,
  non2xx,
  requests: answered,
  latency,
  duration,
} = await autocannon({
  url: `http://127.0.0.1:${port}`,
  connections,
  duration: seconds,
  requests: requests.map(({ path, headers }) => ({ method: 'GET', path, headers: Object.fromEntries(headers) })),
});
if (errors > 0 || non2xx > 0) throw new Error(`autocannon: ${errors} errors, ${non2xx} answers that are no 2xx`);
const generated: Generated = {
  requests: answered.total,
  rate: answered.total / duration,
  p50: latency.p50,
  p99: latency.p99,
};
console.log(JSON.stringify(generated));
