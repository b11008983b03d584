import { BAGGAGE_KEY, LANE_HEADER } from '@graylane/core';

/** Headers in which tracing systems carry baggage, one a key: https://www.jaegertracing.io, OpenTracing's basic propagator. */
const KEYED_PREFIXES = ['uberctx-', 'ot-baggage-'];

/**
 * What is left of a header (its name in lower case) without the lane, in whichever carrier it is; undefined when nothing
 * is. What is not ours stays as it is and in order.
 */
export function stripLane(name: string, value: string): string | undefined {
  switch (name) {
    case LANE_HEADER:
      return undefined;
    case 'baggage': // `key=value;properties`: https://www.w3.org/TR/baggage/
    case 'jaeger-baggage': // `key=value`
      if (!value.includes(BAGGAGE_KEY) && !value.includes('%')) return value;
      return keepParts(value, (part) => !meansOurKey(part.slice(0, keyEnd(part))));
    case 'sw8-correlation': // `base64(key):base64(value)`: SkyWalking's correlation context
      return keepParts(value, (part) => !meansOurKey(fromBase64(part.split(':', 1)[0] as string)));
    default:
      return isKeyedByOurs(name) ? undefined : value;
  }
}

function isKeyedByOurs(name: string): boolean {
  for (const prefix of KEYED_PREFIXES) if (name.startsWith(prefix)) return meansOurKey(name.slice(prefix.length));
  return false;
}

/**
 * Whether some reader behind us would take a key for ours. Readers differ, and OpenTelemetry's for one trims all that
 * JavaScript calls white space and decodes `%67raylane`: what could be ours must go.
 */
function meansOurKey(key: string): boolean {
  return key.trim() === BAGGAGE_KEY || (key.includes('%') && decode(key).trim() === BAGGAGE_KEY);
}

function keyEnd(member: string): number {
  const end = member.search(/[=;]/);
  return end === -1 ? member.length : end;
}

function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** As readers do it: without caring for padding, for bits behind the last byte, or for characters that are none of base64. */
function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString();
}

function keepParts(value: string, keep: (part: string) => boolean): string | undefined {
  const parts = value.split(',');
  const kept = parts.filter(keep);
  if (kept.length === parts.length) return value;
  return kept.every((part) => part.trim() === '') ? undefined : kept.join(',');
}
