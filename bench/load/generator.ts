import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CORES, findProgram } from '../machine.ts';
import { type LoadRequest, toWire } from './requests.ts';

const execute = promisify(execFile);

/** A load: these requests in turn, over so many kept-alive connections, one request at a time on each. */
export interface Load {
  readonly port: number;
  readonly requests: readonly LoadRequest[];
  readonly connections: number;
  readonly seconds: number;
}

/** What a load came to. */
export interface Generated {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Makes load from the core that is not measured. */
export interface Generator {
  readonly name: string;
  /** @throws Error when a request failed or was answered with an error */
  generate(load: Load): Promise<Generated>;
}

/** wrk where it is installed, else autocannon, which is too slow to rank anything but Node. */
export function createGenerator(): Generator {
  const wrk = findProgram('wrk');
  return wrk ? wrkGenerator(wrk) : { name: 'autocannon (wrk is not installed)', generate: generateWithAutocannon };
}

function wrkGenerator(wrk: string): Generator {
  return {
    name: 'wrk',
    async generate({ port, requests, connections, seconds }) {
      const directory = mkdtempSync(join(tmpdir(), 'graylane-bench-'));
      const script = join(directory, 'requests.lua');
      writeFileSync(script, rotation(requests));
      try {
        const args = [
          '-t1',
          `-c${connections}`,
          `-d${seconds}s`,
          '--latency',
          '-s',
          script,
          `http://127.0.0.1:${port}/`,
        ];
        return readWrk(await onOtherCore([wrk, ...args]));
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  };
}

/** A script for wrk that sends the requests in turn, byte for byte. */
function rotation(requests: readonly LoadRequest[]): string {
  const texts = requests.map((request) => `  ${JSON.stringify(toWire(request))},`); // a JSON string is a Lua string here
  return [
    'local requests = {',
    ...texts,
    '}',
    'local at = 0',
    'request = function()',
    '  at = at % #requests + 1',
    '  return requests[at]',
    'end',
    '',
  ].join('\n');
}

function readWrk(output: string): Generated {
  const failures = /Non-2xx or 3xx responses: .*|Socket errors: .*/.exec(output);
  if (failures) throw new Error(`wrk: ${failures[0]}`);
  const [, requests = '', seconds = ''] = /(\d+) requests in ([\d.]+\w+)/.exec(output) ?? [];
  const latency = (share: string): number =>
    milliseconds(new RegExp(`^\\s+${share}%\\s+(\\S+)`, 'm').exec(output)?.[1] ?? '');
  return {
    requests: Number(requests),
    rate: Number(requests) / (milliseconds(seconds) / 1_000),
    p50: latency('50'),
    p99: latency('99'),
  };
}

/** `1.23ms`, `120.00us`, `3.01s`. */
function milliseconds(text: string): number {
  const [, value = '', unit = ''] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  return Number(value) * ({ us: 0.001, ms: 1, s: 1_000, m: 60_000 }[unit] ?? Number.NaN);
}

async function generateWithAutocannon(load: Load): Promise<Generated> {
  const script = fileURLToPath(new URL('autocannon.ts', import.meta.url));
  return JSON.parse(await onOtherCore([process.execPath, '--no-deprecation', script, JSON.stringify(load)]));
}

async function onOtherCore(command: readonly string[]): Promise<string> {
  const [program = '', ...args] = CORES ? ['taskset', '-c', CORES.others, ...command] : command;
  return (await execute(program, args, { maxBuffer: 1 << 24 })).stdout;
}
