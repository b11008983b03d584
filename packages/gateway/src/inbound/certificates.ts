import { X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { GraylaneError } from '@graylane/core';

/** A certificate with its key, as PEM files. */
export interface CertificateFiles {
  /** The certificate, and behind it those that lead to a root. */
  readonly cert: string;
  readonly key: string;
}

/** What people want to know of a certificate. */
export interface ShownCertificate {
  /** The first host name that it is for, or its file. */
  readonly name: string;
  /** When it ends to be valid, in milliseconds since the epoch. */
  readonly expires: number;
}

/** Which certificate a client is shown. */
export interface Certificates {
  /** All of them, in the order of their files. */
  readonly shown: readonly ShownCertificate[];
  /** For a client that names no host. */
  readonly first: SecureContextOptions;
  /** For the host that a client names: that very name, then `*.` and the rest of it, else the first certificate. */
  pick(host: string): SecureContext;
}

/** How often to look whether a file is another one, in milliseconds. */
const POLL_MS = 2_000;

/**
 * Reads certificates. The names that each is for are those that it has itself (RFC 6125 §6.4: a wildcard stands for one
 * label); where two have the same, the first one counts.
 *
 * @param common what goes for all of them, as the authorities of client certificates
 * @throws GraylaneError `GL_CONFIG_INVALID` naming the file
 */
export function readCertificates(files: readonly CertificateFiles[], common: SecureContextOptions): Certificates {
  const all = files.map((each) => readCertificate(each, common));
  const [first] = all;
  if (!first) throw new GraylaneError('GL_CONFIG_INVALID', 'TLS needs a certificate.');
  const byName = new Map<string, SecureContext>();
  for (const { names, context } of all) {
    for (const name of names) if (!byName.has(name)) byName.set(name, context);
  }
  const pick = (host: string): SecureContext => {
    const name = host.toLowerCase().replace(/\.$/, '');
    return byName.get(name) ?? byName.get(`*${name.slice(name.indexOf('.'))}`) ?? first.context;
  };
  return { shown: all.map(({ shown }) => shown), first: first.options, pick };
}

/**
 * Calls `changed` whenever one of some files is another than before, until the function that it returns is called. They are
 * looked at now and then, for that works on every file system and however a file is replaced.
 */
export function watchCertificates(paths: readonly string[], changed: () => void, pollMs: number = POLL_MS): () => void {
  for (const path of paths) watchFile(path, { interval: pollMs, persistent: false }, changed);
  return () => {
    for (const path of paths) unwatchFile(path, changed);
  };
}

function readCertificate({ cert, key }: CertificateFiles, common: SecureContextOptions) {
  const options = { ...common, cert: readPEM(cert), key: readPEM(key) };
  try {
    const certificate = new X509Certificate(options.cert);
    const names = namesOf(certificate);
    const shown: ShownCertificate = { name: names[0] ?? cert, expires: certificate.validToDate.getTime() };
    return { options, context: createSecureContext(options), names, shown };
  } catch (cause) {
    const { message } = cause as Error;
    throw new GraylaneError('GL_CONFIG_INVALID', `${cert} and ${key} are no certificate with its key: ${message}`, {
      cause,
    });
  }
}

/** A file of certificates or keys. */
export function readPEM(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GraylaneError('GL_CONFIG_INVALID', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The host names that a certificate is for, in lower case. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ').flatMap((entry) => {
    const [, name] = /^DNS:((?:\*\.)?[\w.-]+)$/.exec(entry) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}
