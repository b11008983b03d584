import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Process, startProgram } from './processes.ts';

/** A server that runs in the foreground and is told by one file what to do. */
export interface ServerProgram {
  readonly path: string;
  /** What makes it run from a file, in a directory of its own that goes with it. */
  args(file: string, directory: string): readonly string[];
  /** What is in the file. */
  configuration(port: number, directory: string): string;
}

/** Starts a server on a free port, and waits until it listens. */
export async function startServer(
  { path, args, configuration }: ServerProgram,
  core: string | undefined,
): Promise<Process & { readonly port: number }> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'graylane-bench-server-'));
  const file = join(directory, 'configuration');
  writeFileSync(file, configuration(port, directory));
  const { pid, stop } = startProgram([path, ...args(file, directory)], core);
  const stopAndRemove = async (): Promise<void> => {
    await stop();
    rmSync(directory, { recursive: true });
  };
  for (let tries = 0; tries < 200; tries++) {
    if (await isListening(port)) return { pid, port, stop: stopAndRemove };
    await sleep(20);
  }
  await stopAndRemove();
  throw new Error(`${path} does not listen on ${port}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
