import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes `NAME.crt` and `NAME.key`, a certificate of its own authority for the host `NAME.test`, valid for so many days. */
export async function makeCertificate(path: (file: string) => string, name: string, days: number): Promise<void> {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', `${days}`];
  const host = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}.test`];
  await run('openssl', ['req', '-x509', ...kind, ...host, '-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)]);
}
