/** Without these a message would be another one: naming them in `Connection` does not take them away. */
const NEVER_NAMED = new Set(['host', 'content-length', 'te']);

/** `Connection` options that name no header. */
const OPTIONS = /^(?:close|keep-alive|upgrade)$/i;

/** Tells whether a header of a message, its name in lower case, ends here. */
export type EndsHere = (name: string, value: string) => boolean;

/**
 * Tells which headers of a message end here: the well-known ones and those that the message's own `Connection` lines name.
 * Source: RFC 9110 §7.6.1, and what else proxies must not pass on.
 */
export function hopByHop(lines: readonly string[]): EndsHere {
  let named: Set<string> | undefined;
  for (let at = 0; at < lines.length; at += 2) {
    const line = lines[at] as string;
    if (line.length !== 10 || line.toLowerCase() !== 'connection') continue;
    const value = lines[at + 1] as string;
    if (OPTIONS.test(value)) continue;
    named ??= new Set();
    for (const token of value.toLowerCase().split(',')) named.add(token.trim());
  }
  if (!named) return isHopByHop;
  const also = named;
  return (name, value) => isHopByHop(name, value) || (also.has(name) && !NEVER_NAMED.has(name));
}

/** By length first: most headers are settled with that. */
function isHopByHop(name: string, value: string): boolean {
  switch (name.length) {
    case 2: // a gRPC server refuses requests without it; other codings are the connection's affair
      return name === 'te' && value.toLowerCase() !== 'trailers';
    case 6:
      return name === 'expect'; // answered by this server itself
    case 7:
      return name === 'upgrade';
    case 10:
      return name === 'connection' || name === 'keep-alive';
    case 16:
      return name === 'proxy-connection';
    case 17:
      return name === 'transfer-encoding';
    case 18:
      return name === 'proxy-authenticate';
    case 19:
      return name === 'proxy-authorization';
    default:
      return false;
  }
}
