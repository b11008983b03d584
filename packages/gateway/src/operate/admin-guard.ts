import { createHash, timingSafeEqual } from 'node:crypto';
import { parseIP } from '@graylane/core';

/** Tells whether an `Authorization` header shows a token (RFC 6750 §2.1), in a time that says nothing of it. */
export function createGuard(token: string): (authorization: string | undefined) => boolean {
  const wanted = digest(token);
  return (authorization) => {
    const [, shown = ''] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    return timingSafeEqual(digest(shown), wanted);
  };
}

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const bytes = parseIP(host.replace(/^::ffff:/i, ''));
  if (!bytes) return false;
  return bytes.length === 4 ? bytes[0] === 127 : host === '::1' || /^[0:]+:0*1$/.test(host);
}

/** As one size, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
