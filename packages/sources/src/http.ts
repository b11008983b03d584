import { GraylaneError, type Instance, issueCollector, parseInstances, Value } from '@graylane/core';
import { eventStreamReader, type ServerEvent } from './event-stream.ts';
import { HttpClient, type HttpClientOptions, readReply } from './http-client.ts';
import type { KeeperOptions } from './keeper.ts';
import type { Announcer, Registry, RegistryDriver, RegistrySink } from './registry.ts';
import { keepRegistry } from './registry-keeper.ts';
import { HEARTBEAT_HEADER } from './registry-watchers.ts';

/** How to use an embedded registry. */
export interface HttpRegistryOptions extends HttpClientOptions, KeeperOptions {
  /** How long instances that are registered here live without being renewed, in milliseconds. Default: as the server says. */
  readonly ttlMs?: number;
  /** The most characters that one event of the watch may have. Default 64 Mi. */
  readonly maxEventLength?: number;
}

const CONNECT_MS = 5_000;

/**
 * The instances in an embedded registry (`createRegistryServer`), as they change. A watch that is lost is resumed where
 * it left off when the server still knows, and begun anew otherwise.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when the URL or the token cannot be used
 */
export function httpRegistry(options: HttpRegistryOptions): Registry {
  const client = new HttpClient(options);
  const { maxEventLength = 64 * 1024 * 1024, ttlMs } = options;
  let lastEventId: string | undefined;

  const driver: RegistryDriver = {
    name: client.name,
    announcer: httpAnnouncer(client, ttlMs),
    async watch(sink, signal) {
      try {
        for await (const event of watchEvents(client, sink, lastEventId, maxEventLength, signal)) {
          take(event, sink);
          lastEventId = event.id;
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        if (signal.aborted) lastEventId = undefined; // whoever ends a session wants the whole state in the next
      }
    },
    close: async () => client.close(),
  };
  return keepRegistry(driver, options);
}

async function* watchEvents(
  client: HttpClient,
  sink: RegistrySink,
  lastEventId: string | undefined,
  maxLength: number,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const headers = { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const connecting = new AbortController();
  const late = setTimeout(() => connecting.abort(), CONNECT_MS);
  const either = AbortSignal.any([signal, connecting.signal]);
  const response = await client
    .open({ method: 'GET', path: 'v1/watch', headers, signal: either })
    .finally(() => clearTimeout(late));
  const silenceMs = 3 * Math.min(60_000, Math.max(10, Number(response.headers[HEARTBEAT_HEADER]) || 5_000));
  const silent = `${client.name} has not been heard for ${silenceMs} ms`;
  response.setTimeout(silenceMs, () => response.destroy(new GraylaneError('GL_REGISTRY_UNAVAILABLE', silent)));
  const type = response.headers['content-type'] ?? '';
  if (response.statusCode !== 200 || !type.startsWith('text/event-stream'))
    throw client.refusal(await readReply(response));
  response.socket.unref(); // to watch is no reason for a process to stay
  const read = eventStreamReader(maxLength);
  for await (const bytes of response as AsyncIterable<Buffer>) {
    yield* read(bytes);
    sink.alive();
  }
  throw new GraylaneError('GL_REGISTRY_UNAVAILABLE', `${client.name} ended the watch`);
}

/** @throws GraylaneError `GL_INSTANCES_INVALID` when the event is not what our server says */
function take({ event, data }: ServerEvent, sink: RegistrySink): void {
  if (event !== 'sync' && event !== 'change') return; // a later version may say more
  const { issues, report } = issueCollector();
  const root = new Value(parseJson(data), [], report);
  const instances = parseInstances(root.at('instances').raw);
  if (event === 'sync') {
    sink.sync(instances, { ageMs: root.at('ageMs').number({ min: 0 }) ?? Number.POSITIVE_INFINITY });
    return;
  }
  const service = root.at('service').text();
  const left = root
    .at('left')
    .list()
    ?.map((id) => id.text());
  if (issues.length > 0 || service === undefined)
    throw new GraylaneError('GL_INSTANCES_INVALID', 'A change has mistakes:', { issues });
  sink.change(
    service,
    instances,
    left?.filter((id) => id !== undefined),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GraylaneError('GL_INSTANCES_INVALID', 'An event is no JSON', { cause: error });
  }
}

function httpAnnouncer(client: HttpClient, wantedTtl: number | undefined): Announcer {
  const pathOf = ({ service, id }: Instance): string =>
    `v1/services/${encodeURIComponent(service)}/instances/${encodeURIComponent(id)}`;
  return {
    async put(instance, signal) {
      const { service: _service, id: _id, ...fields } = instance;
      const body = { ...fields, ...(wantedTtl !== undefined && { ttlMs: wantedTtl }) };
      const reply = await client.call({ method: 'PUT', path: pathOf(instance), body, signal });
      const { ttlMs } = (reply.status === 200 ? parseJson(reply.text) : {}) as { ttlMs?: unknown };
      if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw client.refusal(reply);
      return { ttlMs };
    },
    async renew(instance, signal) {
      const reply = await client.call({ method: 'POST', path: `${pathOf(instance)}/heartbeat`, signal });
      if (reply.status === 204) return 'ok';
      if (reply.status === 404) return 'gone';
      throw client.refusal(reply);
    },
    async remove(instance, signal) {
      const reply = await client.call({ method: 'DELETE', path: pathOf(instance), signal });
      if (reply.status !== 204 && reply.status !== 404) throw client.refusal(reply);
    },
  };
}
