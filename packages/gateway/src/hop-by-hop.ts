/** Headers that concern one connection and not the message: RFC 9110 §7.6.1 and what else proxies must not pass on. */
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'proxy-authorization',
  'proxy-authenticate',
  'expect', // answered by this server itself
]);

/** Without these a message would be another one: naming them in `Connection` does not take them away. */
const NEVER_NAMED = new Set(['host', 'content-length']);

/**
 * Tells which headers of a message, by their names in lower case, end here: the well-known ones and those that the
 * message's own `Connection` lines name.
 */
export function hopByHop(lines: readonly string[]): (name: string) => boolean {
  const named = new Set<string>();
  for (let at = 0; at < lines.length; at += 2) {
    const line = lines[at] as string;
    if (line.length !== 10 || line.toLowerCase() !== 'connection') continue;
    for (const token of (lines[at + 1] as string).toLowerCase().split(',')) named.add(token.trim());
  }
  return (name) => HOP_BY_HOP.has(name) || (named.has(name) && !NEVER_NAMED.has(name));
}
