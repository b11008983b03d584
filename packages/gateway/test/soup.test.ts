import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startInstance, startStage } from './stage.ts';
import { connect, valuesOf } from './wire.ts';

/** A text in random case. */
const anyCase = (text: string): fc.Arbitrary<string> => fc.mixedCase(fc.constant(text));

const space = fc.constantFrom('', ' ', '\t', '  ', '\xa0');
const key = fc.constantFrom('graylane', 'graylane', 'gray%6Cane', '%67raylane', 'graylan', 'a', 'Graylane');
const value = fc.constantFrom('forged', 'gray', 'stable', '', 'NO LANE', '"x"', '%67ray');
const member = fc
  .tuple(
    space,
    key,
    space,
    fc.constantFrom('=', '=', ';', ''),
    space,
    value,
    fc.constantFrom('', ';p=1', ' ; graylane=x'),
  )
  .map((parts) => parts.join(''));
const members = fc.array(member, { maxLength: 6 }).map((list) => list.join(','));

const base64 = (text: string): fc.Arbitrary<string> =>
  fc.boolean().map((padded) =>
    Buffer.from(text)
      .toString('base64')
      .replace(padded ? '' : /=+$/, ''),
  );
const correlation = fc
  .array(
    fc
      .tuple(space, key.chain(base64), value.chain(base64))
      .map(([before, first, second]) => `${before}${first}:${second}`),
    { maxLength: 4 },
  )
  .map((list) => list.join(','));

const header = fc.oneof(
  fc.tuple(anyCase('baggage'), members),
  fc.tuple(anyCase('jaeger-baggage'), members),
  fc.tuple(anyCase('sw8-correlation'), correlation),
  fc.tuple(anyCase('x-graylane'), value),
  fc.tuple(anyCase('uberctx-graylane'), value),
  fc.tuple(anyCase('ot-baggage-graylane'), value),
  fc.tuple(
    anyCase('connection'),
    fc
      .subarray(['baggage', 'x-graylane', 'X-Forwarded-For', 'sw8-correlation', 'host', 'keep-alive'])
      .map((l) => l.join(', ')),
  ),
  fc.tuple(fc.constantFrom('x-other', 'cookie', 'x-forwarded-for'), fc.constantFrom('graylane', 'a=b', '10.0.0.1')),
);

const soup = fc.record({
  headers: fc.array(header, { maxLength: 8 }),
  tester: fc.boolean(),
  other: fc.stringMatching(/^[a-z]{1,8}$/),
});

it('an instance never gets a lane other than the one that was decided, whatever the headers are', async () => {
  const instances = await Promise.all([startInstance('stable'), startInstance('gray')]);
  const { port } = await startStage(instances.map(({ instance }) => instance));
  const wire = await connect(port);
  await fc.assert(
    fc.asyncProperty(soup, async ({ headers, tester, other }) => {
      const lines = [...headers.map(([name, text]) => `${name}:${text}`), `baggage:other=${other}`];
      if (tester) lines.push('x-tester:1');
      wire.send(`GET / HTTP/1.1\r\nhost:shop\r\n${lines.join('\r\n')}\r\n\r\n`);
      const { status, body } = await wire.answer();
      const [stable, gray] = instances.map(({ received }) => received.splice(0));
      const lane = tester ? 'gray' : 'stable';
      expect({ status, body: body.toString() }).toEqual({ status: 200, body: `served by ${lane}` });
      const { lines: sent = [] } = (tester ? gray : stable)?.[0] ?? {};
      expect(lanesIn(sent)).toEqual(tester ? ['gray', 'gray'] : []);
      if (!headers.some(([name, text]) => name.toLowerCase() === 'connection' && text.includes('baggage')))
        expect(valuesOf(sent, 'baggage').join()).toContain(`other=${other}`);
    }),
    { numRuns: 400 },
  );
});

/** Every lane that any reader could find, and the most lenient of them at that. */
function lanesIn(lines: readonly string[]): string[] {
  const pairs = (text: string, parse: (part: string) => readonly [string, string]): string[] =>
    text
      .split(',')
      .map(parse)
      .filter(([name]) => name.trim() === 'graylane')
      .map(([, lane]) => lane.trim());
  const lenient = (part: string): readonly [string, string] => {
    const [name = '', lane = ''] = (part.split(';')[0] as string).split('=');
    return [decodeURIComponent(name), decodeURIComponent(lane)];
  };
  const decoded = (part: string): readonly [string, string] => {
    const [name = '', lane = ''] = part.split(':').map((text) => Buffer.from(text, 'base64').toString());
    return [name, lane];
  };
  return [
    ...valuesOf(lines, 'baggage').flatMap((text) => pairs(text, lenient)),
    ...valuesOf(lines, 'jaeger-baggage').flatMap((text) => pairs(text, lenient)),
    ...valuesOf(lines, 'sw8-correlation').flatMap((text) => pairs(text, decoded)),
    ...['x-graylane', 'uberctx-graylane', 'ot-baggage-graylane'].flatMap((name) => valuesOf(lines, name)),
  ];
}
