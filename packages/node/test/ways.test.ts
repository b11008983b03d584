import { beforeAll, describe, expect, it } from '@jest/globals';
import { USUAL } from './otel-apps.ts';
import type { Got, WaysReport } from './programs/ways.ts';
import { inPairs, runProgram } from './run-program.ts';

const reports = new Map<string, WaysReport>();

beforeAll(async () => {
  const done = await inPairs(USUAL, (cell) => runProgram<WaysReport>('ways', cell));
  for (const [at, { name }] of USUAL.entries()) reports.set(name, done[at] as WaysReport);
});

type Calls = Readonly<Record<string, Got>>;

/** OpenTelemetry's instrumentation of node:http makes headers named 0, 1, 2 … of a list: nothing is left to see or to keep. */
const LIST = 'http.get with a list of headers';

const HOOKED = [
  'http.get',
  LIST,
  'http.get that expects 100-continue',
  'got',
  'axios',
  'fetch',
  'undici.request',
  'undici.request with a list of headers',
];
const EXPLICIT = ['got with laneRequest', 'undici with laneDispatcher'];
const CLIENTS = [...HOOKED, ...EXPLICIT, ...EXPLICIT.map((client) => `${client}, no hooks`)];

/** The same expectation of every client. */
const each = <Expected>(expected: Expected, clients = CLIENTS): Record<string, Expected> =>
  Object.fromEntries(clients.map((client) => [client, expected]));

const headersOf = (calls: Calls) =>
  Object.fromEntries(
    Object.entries(calls).map(([client, { service, lane, baggage, copy }]) => [
      client,
      { service, lane, baggage, copy },
    ]),
  );
const errorsOf = (calls: Calls) =>
  Object.fromEntries(Object.entries(calls).map(([client, { error }]) => [client, error]));

describe.each(USUAL)('$name', ({ name, preload }) => {
  const report = (): WaysReport => reports.get(name) as WaysReport;
  const instrumented = preload !== undefined;
  const seesLists = (calls: Calls): Calls => {
    const { [LIST]: _, ...others } = calls;
    return instrumented ? others : calls;
  };
  const clients = instrumented ? CLIENTS.filter((client) => client !== LIST) : CLIENTS;

  it('a host that the registry does not know gets no lane, and what OpenTelemetry sends otherwise', () => {
    const baggage = instrumented ? ['user=u1'] : [];
    expect(headersOf(report().elsewhere)).toEqual(each({ service: 'stranger', lane: 'none', baggage, copy: [] }));
  });

  it("a lane in a call's own headers does not leave either, and the other members stay as they are", () => {
    const expected = { service: 'stranger', lane: 'none', baggage: ['a=1,b=2;p=q'], copy: [] };
    expect(headersOf(seesLists(report().elsewhereTold))).toEqual(each(expected, clients));
    expect(report().elsewhereTold[LIST]).toMatchObject({ copy: [] });
  });

  it('a strict lane without an instance gives GL_NO_INSTANCE as the error of every client', () => {
    expect(errorsOf(report().empty)).toEqual(each('GL_NO_INSTANCE'));
  });

  it('an instance that is gone gives the error that every client gives for a refused connection', () => {
    expect(errorsOf(report().dead)).toEqual(each('ECONNREFUSED'));
  });

  it("outside any request, a lane that a call's own baggage names is honoured", () => {
    const expected = { service: 'stock', lane: 'gray', baggage: ['graylane=gray,a=1,b=2;p=q'], copy: ['gray'] };
    expect(headersOf(seesLists(report().named))).toEqual(each(expected, clients));
  });

  it("outside any request, a lane that a call's own x-graylane names is honoured", () => {
    const expected = { service: 'stock', lane: 'gray', baggage: ['graylane=gray,a=1,b=2;p=q'], copy: ['gray'] };
    expect(headersOf(seesLists(report().namedByCopy))).toEqual(each(expected, clients));
  });

  it('a lane that a call names is honoured beside a baggage that has none, and its headers win', () => {
    const expected = { service: 'stock', lane: 'gray', baggage: ['graylane=gray,a=1,b=2;p=q'], copy: ['gray'] };
    expect(headersOf(report().namedInContext)).toEqual(each(expected, ['fetch', 'undici.request']));
  });

  it('a retry picks again, and the instance that refused is left out from then on', () => {
    const { ports, retried } = report();
    expect(retried.answer).toMatchObject({ service: 'flaky', lane: 'gray', baggage: ['graylane=gray'] });
    expect(retried.tried).toEqual([ports.dead, ports.alive]);
    expect(new Set(retried.later)).toEqual(new Set([ports.alive]));
  });

  it.each(['got', 'axios', 'fetch', 'got with laneRequest'])('a redirect picks again: %s', (client) => {
    const { redirects } = report();
    const members = 'graylane=gray,user=u1';
    expect(redirects[`${client}, relative`]).toMatchObject({
      picks: ['stock gray', 'stock gray'],
      answer: { service: 'stock', lane: 'gray', host: 'stock', baggage: [members], copy: ['gray'] },
    });
    expect(redirects[`${client}, absolute`]).toMatchObject({
      picks: ['stock gray', 'cart gray'],
      answer: { service: 'cart', lane: 'gray', host: 'cart', baggage: [members], copy: ['gray'] },
    });
    expect(redirects[`${client}, away`]).toMatchObject({
      picks: ['stock gray'],
      answer: { service: 'stranger', baggage: instrumented ? ['user=u1'] : [], copy: [] },
    });
  });

  it('a call over a unix socket is left alone, whatever host it names', () => {
    const { unix } = report();
    expect(headersOf(unix)).toEqual(
      each({ service: 'unix', lane: 'none', baggage: ['a=1,graylane=gray'], copy: ['gray'] }, [
        'http.get',
        'http.get with an agent',
        'got',
        'got with laneRequest',
      ]),
    );
  });

  it('nothing of ours goes wrong', () => {
    expect(report().errors).toEqual([]);
  });
});
