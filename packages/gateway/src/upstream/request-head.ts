import type { UpstreamRequest } from '../upstream.ts';
import { isFieldText, isToken } from './field-lines.ts';

/** A request's head as it is written, and how its body goes on. */
export interface RequestHead {
  readonly text: string;
  /** The body's, in bytes; undefined when it is sent in chunks, or there is none. */
  readonly length: number | undefined;
}

/** A path and query, or `*`: nothing that would end the request line. */
const TARGET = /^(?:\/|\*$)[\x21-\x7e\x80-\xff]*$/;

const LENGTH = /^\d{1,15}$/;

/**
 * Writes a request's head. A text says why it cannot be: what would end a line, and so begin another header or another
 * request, is never written, and neither is a line that concerns the connection, which is not the sender's to say.
 *
 * @param authority the instance's, for a request that came without a host
 */
export function writeRequestHead(
  { method, target, lines, body, upgrade }: UpstreamRequest,
  authority: () => string,
): RequestHead | string {
  if (!isToken(method) || method === 'CONNECT') return 'the method cannot be sent';
  if (!TARGET.test(target) || (target === '*' && method !== 'OPTIONS')) return 'the target cannot be sent';
  let text = `${method} ${target} HTTP/1.1\r\n`;
  let length: number | undefined;
  let hosts = 0;
  let options = '';
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    const value = lines[at + 1] as string;
    if (!isToken(name) || !isFieldText(value)) return 'a header cannot be sent';
    switch (meaningOf(name)) {
      case 'host':
        hosts++;
        break;
      case 'length':
        if (!LENGTH.test(value) || length !== undefined || (!body && Number(value) !== 0))
          return 'the content length cannot be sent';
        length = Number(value);
        break;
      case 'te':
        options = 'TE'; // RFC 9110 §10.1.4
        break;
      case 'connection':
        return `the header ${name} cannot be sent`;
    }
    text += `${name}: ${value}\r\n`;
  }
  if (hosts > 1) return 'there is more than one host';
  if (hosts === 0) text += `Host: ${authority()}\r\n`; // without it a request is none
  if (body && length === undefined) text += 'Transfer-Encoding: chunked\r\n';
  if (upgrade !== undefined) {
    if (body || !isFieldText(upgrade)) return 'the upgrade cannot be asked for';
    options = options === '' ? 'Upgrade' : `Upgrade, ${options}`;
    text += `Upgrade: ${upgrade}\r\n`;
  }
  if (options !== '') text += `Connection: ${options}\r\n`;
  return { text: `${text}\r\n`, length };
}

/** What a header means to the connection. By length first, for most mean nothing. */
function meaningOf(name: string): 'host' | 'length' | 'te' | 'connection' | undefined {
  switch (name.length) {
    case 2:
      return name.toLowerCase() === 'te' ? 'te' : undefined;
    case 4:
      return name.toLowerCase() === 'host' ? 'host' : undefined;
    case 6:
      return name.toLowerCase() === 'expect' ? 'connection' : undefined;
    case 7:
      return name.toLowerCase() === 'upgrade' ? 'connection' : undefined;
    case 10:
      return /^(?:connection|keep-alive)$/i.test(name) ? 'connection' : undefined;
    case 14:
      return name.toLowerCase() === 'content-length' ? 'length' : undefined;
    case 17:
      return name.toLowerCase() === 'transfer-encoding' ? 'connection' : undefined;
    default:
      return undefined;
  }
}

/** Trailer lines as they are written behind a chunked body; those that cannot be are left out. */
export function writeTrailers(lines: readonly string[]): string {
  let text = '';
  for (let at = 0; at < lines.length; at += 2) {
    const [name, value] = [lines[at] as string, lines[at + 1] as string];
    if (isToken(name) && isFieldText(value)) text += `${name}: ${value}\r\n`;
  }
  return text;
}
