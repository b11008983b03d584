import type { ServerResponse } from 'node:http';
import type { Change, InstanceStore } from './registry-store.ts';

/** How watchers are served. */
export interface WatcherOptions {
  /** Time between signs of life, in milliseconds. Default 5,000. */
  readonly heartbeatMs: number;
  /** A watcher that has more than this many bytes of changes unread is dropped; it comes back and resumes. Default 16 MiB. */
  readonly unreadBytes: number;
  /** Watchers at a time. Default 10,000. */
  readonly watchers: number;
}

/** The header that tells a watcher how often to expect a sign of life. */
export const HEARTBEAT_HEADER = 'graylane-heartbeat-ms';

/** The open event streams of an embedded registry: everything first, then each change, and a sign of life in between. */
export class Watchers {
  readonly #store: InstanceStore;
  readonly #options: WatcherOptions;
  readonly #open = new Set<ServerResponse>();
  readonly #heartbeat: NodeJS.Timeout;
  #opening: { readonly revision: number; readonly bytes: Buffer } | undefined;

  constructor(store: InstanceStore, options: WatcherOptions) {
    this.#store = store;
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#broadcast(': alive\n\n'), options.heartbeatMs).unref();
    store.subscribe((change) => this.#broadcast(formatChange(store.epoch, change)));
  }

  /** Whether one more would be too many. */
  get full(): boolean {
    return this.#open.size >= this.#options.watchers;
  }

  /** Streams to `response` from now on; from where `lastEventId` left off, when all changes since then are kept. */
  add(response: ServerResponse, lastEventId: string | undefined): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      [HEARTBEAT_HEADER]: this.#options.heartbeatMs,
    });
    response.socket?.setNoDelay(true);
    const missed = this.#missed(lastEventId);
    if (missed)
      response.write(`: resumed\n\n${missed.map((change) => formatChange(this.#store.epoch, change)).join('')}`);
    else this.#sync(response);
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#open) response.end();
  }

  #missed(lastEventId: string | undefined): readonly Change[] | undefined {
    const [, epoch, revision] = /^([0-9a-f]{1,32}):(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    return epoch === this.#store.epoch ? this.#store.since(Number(revision)) : undefined;
  }

  /** Writes the opening. All who come at the same revision share its long part: a thousand may come back at once. */
  #sync(response: ServerResponse): void {
    const { epoch, revision, ageMs } = this.#store;
    if (this.#opening?.revision !== revision)
      this.#opening = { revision, bytes: Buffer.from(`"instances":${JSON.stringify(this.#store.list())}}\n\n`) };
    response.write(`event: sync\nid: ${epoch}:${revision}\ndata: {"ageMs":${ageMs},`);
    response.write(this.#opening.bytes);
  }

  #broadcast(text: string): void {
    const bytes = Buffer.from(text);
    const unreadBytes = this.#options.unreadBytes + (this.#opening?.bytes.length ?? 0);
    for (const response of this.#open) {
      if (response.writableLength > unreadBytes) response.destroy();
      else response.write(bytes);
    }
  }
}

function formatChange(epoch: string, { revision, service, instances, left }: Change): string {
  const data = JSON.stringify({ service, instances, left }); // JSON has no line break, so one `data` line holds it
  return `event: change\nid: ${epoch}:${revision}\ndata: ${data}\n\n`;
}
