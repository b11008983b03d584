import { GraylaneError } from '@graylane/core';
import { type ListenOptions, readAuthorities, readTLSFiles, type ShownCertificate } from '@graylane/gateway';

/** So long before it ends, a certificate should be another one already, in days. */
const SOON_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Looks at the files of listeners, and at that of the authorities of instances.
 *
 * @returns what is to be said of certificates that end soon, or have ended
 * @throws GraylaneError `GL_CONFIG_INVALID` with each file that cannot be used
 */
export function checkListeners(
  listeners: readonly ListenOptions[],
  instanceCA: string | undefined,
  now: number,
): readonly string[] {
  const faults = new Set<string>();
  const attempt = <Read>(read: () => Read): Read | undefined => {
    try {
      return read();
    } catch (error) {
      faults.add((error as Error).message);
      return undefined;
    }
  };
  const all = listeners.flatMap(({ tls }) => (tls ? [tls] : []));
  for (const ca of [instanceCA, ...all.map(({ clientCA }) => clientCA)])
    if (ca !== undefined) attempt(() => readAuthorities(ca));
  const certificates = all
    .flatMap((tls) => tls.certificates)
    .flatMap((each) => attempt(() => readTLSFiles({ certificates: [each] }).shown) ?? []);
  if (faults.size > 0) throw new GraylaneError('GL_CONFIG_INVALID', [...faults].join('\n'));
  return [...new Set(certificates.flatMap((each) => warningOf(each, now)))];
}

function warningOf({ name, expires }: ShownCertificate, now: number): string[] {
  const days = Math.floor((expires - now) / DAY_MS);
  const on = new Date(expires).toISOString().slice(0, 10);
  if (expires <= now) return [`The certificate for ${name} ended on ${on}: clients refuse it.`];
  if (days >= SOON_DAYS) return [];
  return [`The certificate for ${name} ends on ${on}, in ${days} ${days === 1 ? 'day' : 'days'}.`];
}
