import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Instance, parseNetwork } from '@graylane/core';
import type { CertificateFiles } from '../../src/inbound/certificates.ts';
import type { ListenOptions } from '../../src/inbound/listener.ts';
import { atEnd, type Stage, startStage } from '../stage.ts';

const run = promisify(execFile);

/** All addresses of this machine itself. */
export const LOOPBACK = [parseNetwork('127.0.0.0/8') ?? { bytes: [127, 0, 0, 1], bits: 32 }];

/** Starts a gateway that listens in this way too, and says at which port. */
export async function startListening(
  instances: readonly Instance[],
  listener: Omit<ListenOptions, 'port'>,
  options: Parameters<typeof startStage>[1] = {},
): Promise<Stage & { readonly at: number }> {
  const stage = await startStage(instances, { ...options, listeners: [{ ...listener, port: 0 }] });
  return { ...stage, at: stage.gateway.addresses()[1]?.port ?? 0 };
}

/** A directory that is gone at the end of the case. */
export async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'graylane-'));
  atEnd(() => rm(directory, { recursive: true }));
  return directory;
}

/** An authority that signs certificates, as files of a directory. */
export interface Authority {
  /** Its own certificate. */
  readonly ca: string;
  issue(file: string, ...names: string[]): Promise<CertificateFiles>;
}

/** Makes an authority. */
export async function createAuthority(directory: string): Promise<Authority> {
  const path = (name: string): string => join(directory, name);
  const create = async (file: string, names: readonly string[], more: readonly string[]): Promise<CertificateFiles> => {
    const [cert, key] = [path(`${file}.crt`), path(`${file}.key`)];
    const alternative = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2'];
    const args = ['req', '-x509', ...kind, '-subj', `/CN=${file}`, '-addext', alternative, ...more];
    await run('openssl', [...args, '-keyout', key, '-out', cert]);
    return { cert, key };
  };
  const own = await create('ca', ['authority'], []);
  const signed = ['-CA', own.cert, '-CAkey', own.key, '-addext', 'basicConstraints=critical,CA:FALSE'];
  return { ca: own.cert, issue: (file, ...names) => create(file, names, signed) };
}

/** Runs curl, and gives what it prints: the body, then what `-w` says. Fails when curl does. */
export async function curl(...args: string[]): Promise<string> {
  return (await run('curl', ['--silent', '--show-error', '--max-time', '20', ...args])).stdout;
}
