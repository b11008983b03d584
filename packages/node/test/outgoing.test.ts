import { type Lane, type Outcome, type Pick, type Served, STABLE } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { context, propagation } from '@opentelemetry/api';
import { runInLane } from '../src/inbound.ts';
import { type OutgoingHeaders, outcomeOf, route, withoutLane } from '../src/outgoing.ts';
import type { Router } from '../src/router.ts';

const GRAY = 'gray' as Lane;
const headers = (baggage?: string, copy?: string): OutgoingHeaders => ({ baggage, 'x-graylane': copy });

/** A router that gives each service's pick, and remembers what it was asked and told. */
function routerOf(kind: Pick['kind']) {
  const instance = { id: 'i', service: 'stock', host: '10.0.0.1', port: 80, lane: 'gray' };
  const served = { instance, lane: GRAY, load: { inFlight: 0 } } as unknown as Served;
  const asked: string[] = [];
  const told: (Outcome | undefined)[] = [];
  const router = {
    pick: (service: string, lane: Lane): Pick => {
      asked.push(`${service} ${lane}`);
      if (kind === 'unknown') return { kind };
      if (kind === 'empty') return { kind, because: 'not-ready' };
      return kind === 'hit' ? { kind, ...served } : { kind, because: 'no-instances', ...served };
    },
    begin: () => (outcome?: Outcome) => void told.push(outcome),
  } as unknown as Router;
  return { router, asked, told };
}

const inBaggage = <Result>(members: Readonly<Record<string, string>>, fn: () => Result): Result => {
  const entries = Object.entries(members).map(([key, value]) => [key, { value }] as const);
  return context.with(
    propagation.setBaggage(context.active(), propagation.createBaggage(Object.fromEntries(entries))),
    fn,
  );
};
runInLane(STABLE, () => {}); // from here on a context is held

describe('route', () => {
  it("asks for the context's lane, and for the call's own outside any lane", () => {
    const { router, asked } = routerOf('hit');
    runInLane(GRAY, () => route(router, 'stock', headers('graylane=blue', 'blue')));
    route(router, 'stock', headers('graylane=blue', 'green'));
    route(router, 'stock', headers('a=1', 'green'));
    route(router, 'stock', headers('graylane=No Lane', 'No'));
    route(router, 'stock', headers());
    expect(asked).toEqual(['stock gray', 'stock blue', 'stock green', 'stock stable', 'stock stable']);
  });

  it('a call to an instance carries the lane first, its copy, and the other members of the call or else of the context', () => {
    const { router } = routerOf('fallback');
    const carried = (own: OutgoingHeaders): unknown => {
      const outgoing = inBaggage({ user: 'u1' }, () => runInLane(GRAY, () => route(router, 'stock', own)));
      return 'headers' in outgoing && outgoing.headers;
    };
    expect(carried(headers())).toEqual(headers('graylane=gray,user=u1', 'gray'));
    expect(carried(headers('a=1;p, b=2', 'blue'))).toEqual(headers('graylane=gray,a=1;p, b=2', 'gray'));
    expect(carried(headers('a=1,graylane=blue,b=2'))).toEqual(headers('graylane=gray,a=1,b=2', 'gray'));
  });

  it('a call in stable carries no lane, and the other members', () => {
    const { router } = routerOf('hit');
    expect(route(router, 'stock', headers('a=1,graylane=No'))).toMatchObject({ headers: headers('a=1') });
    expect(inBaggage({ user: 'u1' }, () => route(router, 'stock', headers()))).toMatchObject({
      headers: headers('user=u1'),
    });
  });

  it('a call to an unknown host keeps its own headers but for the lane, and gets none from the context', () => {
    const { router } = routerOf('unknown');
    const left = (own: OutgoingHeaders): unknown =>
      inBaggage({ user: 'u1' }, () => runInLane(GRAY, () => route(router, 'example.com', own)));
    expect(left(headers())).toEqual({ kind: 'elsewhere', headers: headers() });
    expect(left(headers('a=1, graylane=gray ,b=2', 'gray'))).toEqual({
      kind: 'elsewhere',
      headers: headers('a=1,b=2'),
    });
    expect(left(headers('graylane=gray'))).toEqual({ kind: 'elsewhere', headers: headers() });
  });

  it('a call that no instance may serve is refused with GL_NO_INSTANCE, which names service, lane and reason', () => {
    const refused = runInLane(GRAY, () => route(routerOf('empty').router, 'stock', headers()));
    expect(refused).toMatchObject({
      kind: 'refused',
      error: { code: 'GL_NO_INSTANCE', message: 'stock has no instance for the lane gray (not-ready)' },
    });
  });

  it('a call ends once, however often it is told', () => {
    const { router, told } = routerOf('hit');
    const outgoing = route(router, 'stock', headers());
    if (outgoing.kind !== 'instance') throw new Error('expected an instance');
    outgoing.call.end('ok');
    outgoing.call.end('timeout');
    outgoing.call.end();
    expect(told).toEqual(['ok']);
  });
});

describe('withoutLane', () => {
  it('leaves a baggage without our member byte for byte', () => {
    const odd = 'graylane2=x, a=graylane=gray;p ,,xgraylane=1';
    expect(withoutLane(headers(odd, 'gray'))).toEqual(headers(odd));
  });
});

describe('outcomeOf', () => {
  const coded = (code: unknown): Error => Object.assign(new Error('x'), { code });

  it.each([
    'ECONNREFUSED',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EHOSTDOWN',
    'ENOTFOUND',
    'EAI_AGAIN',
    'UND_ERR_CONNECT_TIMEOUT',
  ])('%s says that no connection could be made', (code) => expect(outcomeOf(coded(code))).toBe('connect-failed'));

  it.each(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])('%s says that it took too long', (code) => {
    expect(outcomeOf(coded(code))).toBe('timeout');
  });

  it.each([['ECONNRESET'], ['ABORT_ERR'], ['UND_ERR_ABORTED'], [20], [undefined]])(
    '%s says nothing of the instance: the caller may have caused it',
    (code) => expect(outcomeOf(coded(code))).toBeUndefined(),
  );

  it('says nothing of what is no error', () => {
    expect([undefined, null, 'ECONNREFUSED'].map((each) => outcomeOf(each))).toEqual([undefined, undefined, undefined]);
  });
});
