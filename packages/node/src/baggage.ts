import { type Baggage, type BaggageEntry, baggageEntryMetadataFromString, propagation } from '@opentelemetry/api';

/** What W3C Baggage asks every hop to carry: https://www.w3.org/TR/baggage/#limits. A header beyond it is cut between members. */
const MAX_LENGTH = 8192;
const MAX_MEMBERS = 180;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What a property may hold without breaking the header apart. */
const SAFE_METADATA = /^[\x20-\x2b\x2d-\x7e\t]*$/;

/** The members of a `baggage` header value as OpenTelemetry baggage. What is no member is left out; never throws. */
export function parseBaggage(header: string): Baggage {
  const entries = new Map<string, BaggageEntry>();
  for (const member of withinLimit(header).split(',', MAX_MEMBERS)) {
    const [pair = '', ...properties] = member.split(';');
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals).trim();
    const value = decode(pair.slice(equals + 1).trim());
    if (equals === -1 || !TOKEN.test(key)) continue;
    const metadata = properties.length > 0 ? baggageEntryMetadataFromString(properties.join(';').trim()) : undefined;
    entries.set(key, metadata ? { value, metadata } : { value });
  }
  return baggageOf(entries);
}

/** OpenTelemetry baggage as a `baggage` header value, or undefined when it has no member that can be sent. */
export function formatBaggage(baggage: Baggage): string | undefined {
  const members: string[] = [];
  let length = 0;
  for (const [key, { value, metadata }] of baggage.getAllEntries()) {
    if (!TOKEN.test(key)) continue;
    const properties = metadata?.toString() ?? '';
    const suffix = properties !== '' && SAFE_METADATA.test(properties) ? `;${properties}` : '';
    const member = `${key}=${encodeURIComponent(String(value).toWellFormed())}${suffix}`;
    length += member.length + 1;
    if (length - 1 > MAX_LENGTH || members.length === MAX_MEMBERS) break;
    members.push(member);
  }
  return members.length === 0 ? undefined : members.join(',');
}

/** Baggage with these entries in this order. */
export function baggageOf(entries: Iterable<readonly [string, BaggageEntry]>): Baggage {
  return propagation.createBaggage(Object.fromEntries(entries));
}

/** The whole members among the first {@link MAX_LENGTH} characters. */
function withinLimit(header: string): string {
  return header.length <= MAX_LENGTH ? header : header.slice(0, Math.max(0, header.lastIndexOf(',', MAX_LENGTH)));
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Bytes that are no UTF-8 become U+FFFD, and a "%" that encodes nothing stays: https://www.w3.org/TR/baggage/#value
    const bytes = value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString();
  }
}
