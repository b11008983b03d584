import type { ServerResponse } from 'node:http';

/**
 * Passes 103 Early Hints on: their `Link` lines, which is all that they are for (RFC 8297). Hints that Node takes for none
 * are dropped, for they are only hints.
 */
export function sendEarlyHints(response: ServerResponse, lines: readonly string[]): void {
  if (response.headersSent || response.req.httpVersion !== '1.1') return;
  const link = lines
    .filter((_, at) => at % 2 === 1 && lines[at - 1]?.toLowerCase() === 'link')
    .flatMap((value) => value.split(/,\s*(?=<)/));
  if (link.length === 0) return;
  try {
    response.writeEarlyHints({ link });
  } catch {
    return;
  }
}
