// Sends requests of every kind as fast as they are answered, over many connections, and judges the answers.
import { seededRandom } from '../chaos/random.ts';
import { type Answer, Client } from './client.ts';
import { now } from './clock.ts';
import { Http2Client } from './http2-client.ts';
import { type LoadOrder, obey, type Ports, tell } from './messages.ts';
import { PatternCheck, patternOf } from './pattern.ts';
import { linesOf, type Sender, USERS } from './revisions.ts';
import { type Asked, changesSoFar, isServed, judge, setInForce, tellFailure } from './verdict.ts';

/** Connections of HTTP/1.1, and of HTTP/2 with so many requests at a time. */
const CONNECTIONS = 48;
const SESSIONS = 2;
const STREAMS = 6;

/** After how long without an answer a request counts as lost, in milliseconds. */
const LOST_MS = 30_000;

const counts: Record<string, number> = {};
const underWay = new Map<number, () => void>();
let left = 0;
let requests = 0;
let random = Math.random;

obey<LoadOrder>((order) => {
  if (order.kind === 'revisions') return setInForce(order.revisions);
  left = order.requests;
  random = seededRandom(order.seed);
  void run(order.ports);
});

async function run({ http1, http2 }: Ports): Promise<void> {
  const progress = setInterval(() => tell({ kind: 'progress', done: requests - underWay.size }), 50);
  await Promise.all([
    ...Array.from({ length: CONNECTIONS }, () => runConnection(http1)),
    ...Array.from({ length: SESSIONS }, () => runSession(http2)),
  ]);
  clearInterval(progress);
  tell({ kind: 'ended', counts });
}

/** What a connection of HTTP/1.1 is used for, and in how many of a thousand turns. */
const TURNS: readonly (readonly [number, (connection: Connection) => Promise<unknown>])[] = [
  [530, (connection) => connection.get('plain', size(2_000))],
  [20, (connection) => connection.get('slow', size(2_000))],
  [70, (connection) => connection.get('stream', size(20_000))],
  [20, (connection) => connection.get('close', size(20_000))],
  [6, (connection) => connection.get('plain', 100_000 + size(400_000), 'large')],
  [60, (connection) => connection.get('plain', size(2_000), 'head', 'HEAD')],
  [120, (connection) => connection.post('post', size(20_000))],
  [60, (connection) => connection.post('chunked', size(20_000))],
  [4, (connection) => connection.post('chunked', 100_000 + size(200_000), 'chunked, large')],
  [10, (connection) => connection.post('early', size(100_000))],
  [50, (connection) => connection.pipeline(2 + Math.floor(random() * 4))],
  [15, (connection) => connection.breakUpload()],
  [15, (connection) => connection.breakDownload()],
  [20, (connection) => connection.upgrade(size(20_000))],
];
const ALL = TURNS.reduce((sum, [share]) => sum + share, 0);

async function runConnection(port: number): Promise<void> {
  const connection = new Connection(port);
  while (left > 0) {
    await drawTurn()(connection);
  }
  connection.close();
}

function drawTurn(): (typeof TURNS)[number][1] {
  let draw = random() * ALL;
  for (const [share, take] of TURNS) {
    draw -= share;
    if (draw < 0) return take;
  }
  return drawTurn();
}

/** Mostly small, at times as large as this. */
function size(most: number): number {
  return Math.floor(most * random() ** 3);
}

function begin(kind: string, bytes: number, safe: boolean): Asked {
  left--;
  const request = ++requests;
  counts[kind] = (counts[kind] ?? 0) + 1;
  const sender: Sender = { tester: random() < 0.3, user: Math.floor(random() * USERS) };
  return { request, kind, bytes, safe, sender, start: now(), changes: changesSoFar() };
}

/** Header lines that every request has; a third of them say that they are in gray, which nobody must believe. */
function lines({ request, sender }: Asked): readonly (readonly [string, string])[] {
  const forged =
    request % 3 === 0
      ? ([
          ['baggage', 'graylane=gray'],
          ['x-graylane', 'gray'],
        ] as const)
      : [];
  return [['x-request-id', String(request)], ...linesOf(sender), ...forged];
}

function head(asked: Asked, method: string, path: string, more: readonly string[] = []): string {
  const all = [...lines(asked).map(([name, value]) => `${name}: ${value}`), ...more];
  return `${method} /${path}/${asked.bytes} HTTP/1.1\r\nHost: shop\r\n${all.join('\r\n')}\r\n\r\n`;
}

/** Requests over a connection of HTTP/1.1, which is opened again whenever it is closed. */
class Connection {
  readonly #port: number;
  #client: Client | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get(path: string, bytes: number, kind: string = path, method = 'GET'): Promise<Answer> {
    const asked = begin(kind, bytes, true);
    const client = this.#open();
    client.socket.write(head(asked, method, path), 'latin1');
    return finish(asked, client, client.answerTo({ request: asked.request, method }), method === 'HEAD');
  }

  async post(how: 'post' | 'chunked' | 'early', bytes: number, kind: string = how): Promise<void> {
    const asked = begin(kind, size(1_000), false);
    const client = this.#open();
    const path = how === 'early' ? how : 'upload';
    const framing = how === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${bytes}`;
    const expect = asked.request % 5 === 0 ? ['expect: 100-continue'] : []; // and does not wait for it
    client.socket.cork();
    client.socket.write(head(asked, 'POST', path, [framing, `x-size: ${bytes}`, ...expect]), 'latin1');
    process.nextTick(() => client.socket.uncork());
    const sent = this.#send(client, patternOf(asked.request, bytes), how === 'chunked');
    await finish(asked, client, client.answerTo({ request: asked.request, method: 'POST' }));
    await sent; // what is answered early is sent to its end all the same, as most clients do
  }

  async pipeline(length: number): Promise<void> {
    const all = Array.from({ length }, () => begin('pipelined', size(2_000), true));
    const client = this.#open();
    client.socket.write(all.map((asked) => head(asked, 'GET', 'plain')).join(''), 'latin1');
    const answers = all.map(({ request }) => client.answerTo({ request, method: 'GET' }));
    let broken = false;
    for (const [at, asked] of all.entries()) {
      const answer = await (answers[at] as Promise<Answer>);
      const isFirst = !broken;
      broken ||= !answer.complete;
      // What was behind the one that broke off is sent again by whoever sent it: RFC 9112 §9.3.2.
      if (isFirst || answer.status !== 0) settle(asked, client, answer);
      else await this.#resend(asked);
    }
  }

  async breakUpload(): Promise<void> {
    const asked = begin('broken off by the client, upload', 0, false);
    const bytes = 1_000 + size(50_000);
    const client = this.#open();
    const chunked = asked.request % 2 === 0;
    const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${bytes}`;
    client.socket.write(head(asked, 'POST', 'upload', [framing, `x-size: ${bytes}`]), 'latin1');
    const part = patternOf(asked.request, Math.floor(random() * bytes));
    if (part.length > 0) client.socket.write(chunked ? inChunk(part) : part);
    const answer = client.answerTo({ request: asked.request, method: 'POST' });
    setTimeout(() => client.close(), random() * 5);
    judge(asked, await answer);
    this.#client = undefined;
  }

  async breakDownload(): Promise<void> {
    const asked = begin('broken off by the client, download', 50_000 + size(400_000), true);
    const client = this.#open();
    client.socket.write(head(asked, 'GET', random() < 0.5 ? 'plain' : 'stream'), 'latin1');
    const breakAfter = Math.floor((random() * asked.bytes) / 2);
    if (asked.request % 3 === 0) setTimeout(() => client.close(), random() * 5);
    judge(asked, await client.answerTo({ request: asked.request, method: 'GET', breakAfter }));
    client.close();
  }

  async upgrade(bytes: number): Promise<void> {
    const asked = begin('upgrade', bytes, true);
    const client = this.#open();
    const body = patternOf(asked.request, bytes);
    const early = asked.request % 2 === 0 ? Math.floor(bytes / 2) : 0;
    client.socket.write(head(asked, 'GET', 'echo', ['connection: upgrade', 'upgrade: echo']), 'latin1');
    client.socket.write(body.subarray(0, early));
    await whileWaiting(asked, client, async () => {
      const answer = await client.answerTo({ request: asked.request, method: 'GET' });
      const echoed = answer.status === 101 ? await echo(asked, client, body.subarray(early)) : answer;
      settle(asked, client, { ...answer, bytes: echoed.bytes, intact: echoed.intact, complete: answer.complete });
    });
    client.close();
  }

  close(): void {
    this.#client?.close();
  }

  async #resend(asked: Asked): Promise<void> {
    const client = this.#open();
    client.socket.write(head(asked, 'GET', 'plain'), 'latin1');
    await finish(asked, client, client.answerTo({ request: asked.request, method: 'GET' }));
  }

  #open(): Client {
    if (!this.#client?.open) this.#client = new Client(this.#port);
    return this.#client;
  }

  /** Sends a body in some parts, as fast as it is taken. */
  async #send(client: Client, body: Buffer, chunked: boolean): Promise<void> {
    const step = Math.ceil(body.length / (1 + (body.length % 4)));
    for (let at = 0; at < body.length; at += step) {
      const part = body.subarray(at, at + step);
      const more = client.socket.write(chunked ? inChunk(part) : part);
      if (!more) await drained(client);
      else if (body.length % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (!client.open) return;
    }
    if (chunked) client.socket.write('0\r\n\r\n', 'latin1');
  }
}

function inChunk(part: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
}

function drained({ socket }: Client): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** Sends bytes through a tunnel, and takes what comes back until all of it is there or the tunnel is gone. */
function echo({ request, bytes }: Asked, client: Client, rest: Buffer): Promise<PatternCheck> {
  const check = new PatternCheck(request);
  return new Promise((resolve) => {
    const done = (): void => resolve(check);
    client.socket.on('close', done);
    client.takeRaw((part) => {
      check.take(part);
      if (check.bytes >= bytes) done();
    });
    if (bytes === check.bytes || client.socket.destroyed) done();
    else client.socket.write(rest);
  });
}

async function finish(asked: Asked, client: Client, awaited: Promise<Answer>, isHead = false): Promise<Answer> {
  return whileWaiting(asked, client, async () => {
    const answer = await awaited;
    settle(asked, client, isHead && answer.complete ? { ...answer, bytes: asked.bytes } : answer);
    return answer;
  });
}

/** Breaks the connection off when nothing comes. */
async function whileWaiting<T>(asked: Asked, client: Client, work: () => Promise<T>): Promise<T> {
  underWay.set(asked.request, () => {
    client.error ||= 'nothing came for too long';
    client.close();
  });
  try {
    return await work();
  } finally {
    underWay.delete(asked.request);
  }
}

function settle(asked: Asked, client: Client, answer: Answer): void {
  judge(asked, answer);
  if (isServed(answer) && answer.bytes === asked.bytes) return;
  tellFailure(asked, answer, client.error || 'was not served', now());
}

async function runSession(port: number): Promise<void> {
  const client = new Http2Client(port);
  await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      while (left > 0) {
        const upload = random() < 0.3 ? size(20_000) : undefined;
        const asked = begin(upload === undefined ? 'h2 get' : 'h2 post', size(5_000), upload === undefined);
        const body = upload === undefined ? undefined : patternOf(asked.request, upload);
        const path = `/${body ? 'upload' : 'plain'}/${asked.bytes}`;
        const { answer, error } = await client.ask(asked.request, path, Object.fromEntries(lines(asked)), body);
        judge(asked, answer);
        if (!isServed(answer) || answer.bytes !== asked.bytes) tellFailure(asked, answer, error, now());
      }
    }),
  );
  client.close();
}

// One timer for all that is awaited.
const waiting = new Map<number, number>();
setInterval(() => {
  for (const [request, breakOff] of underWay) {
    const since = waiting.get(request) ?? now();
    waiting.set(request, since);
    if (now() - since > LOST_MS) breakOff();
  }
  for (const request of waiting.keys()) if (!underWay.has(request)) waiting.delete(request);
}, 1_000).unref();
