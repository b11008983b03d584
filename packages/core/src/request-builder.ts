import { type ByteText, fromBytes } from './bytes.ts';
import { type Fact, parseFact } from './fact-name.ts';
import { type RequestFacts, readFact, requestFacts } from './facts.ts';

/** What a fact is in a request; attributes are of no request by itself. */
export function factIn(request: RequestFacts, notation: string): ByteText | undefined {
  const fact = parseFact(notation);
  return typeof fact === 'string' || fact.source === 'attribute' ? undefined : readFact(fact, request);
}

/** A request with one fact. */
export function withFact(notation: string, value: ByteText, now: number): RequestFacts {
  return requestWith(new Map([[notation, value]]), now);
}

/**
 * A request with these facts, by their notation, and as little else as can be. Whether it has them can be asked of
 * {@link factIn}: not every value can be had, and some facts are parts of others.
 *
 * @param now its time, in milliseconds, unless `time` is among the facts
 */
export function requestWith(values: ReadonlyMap<string, ByteText>, now: number): RequestFacts {
  let request: Building = { ...requestFacts({ time: now }), headers: [], token: {}, geo: {} };
  const cookies: string[] = [];
  for (const [notation, value] of values) {
    const fact = parseFact(notation);
    if (typeof fact === 'string') continue;
    if (fact.source === 'cookie') cookies.push(`${fact.name}=${value}`);
    else request = added(request, fact, value);
  }
  if (cookies.length > 0) request.headers.push('cookie', cookies.join('; '));
  return request;
}

/** A request of which the lists can still grow. */
type Building = RequestFacts & {
  readonly headers: string[];
  readonly token: Record<string, unknown>;
  readonly geo: Record<string, string>;
};

function added(request: Building, fact: Fact, value: ByteText): Building {
  switch (fact.source) {
    case 'header':
      return { ...request, headers: [...request.headers, fact.name, value] };
    case 'query': {
      const pair = `${encodeURIComponent(fact.name)}=${encodeURIComponent(fromBytes(value))}`;
      return { ...request, query: request.query === '' ? pair : `${request.query}&${pair}` };
    }
    case 'token':
      return { ...request, token: { ...request.token, [fact.name]: fromBytes(value) } };
    case 'geo':
      return { ...request, geo: { ...request.geo, [fact.name]: fromBytes(value) } };
    case 'time':
      return { ...request, time: Date.parse(value) };
    case 'method':
    case 'path':
    case 'host':
    case 'ip':
      return { ...request, [fact.source]: value };
    default:
      return request;
  }
}
