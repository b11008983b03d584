import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type ConditionNode,
  type ConditionScope,
  compileCondition,
  MAX_DEPTH,
  type Predicate,
} from '../src/condition.ts';
import { formatIssue } from '../src/errors.ts';
import { FactTable } from '../src/fact-table.ts';
import { type FactReader, type RequestFacts, requestFacts } from '../src/facts.ts';
import type { OperatorName } from '../src/operators.ts';
import { issueCollector, Value } from '../src/shape.ts';

const asNode = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const city: FactReader = (request) => (request.headers[0] === 'x-city' ? request.headers[1] : undefined);
const scope: ConditionScope = {
  facts: new FactTable(new Map([['city', [city]]])),
  segments: new Map<string, ConditionNode | undefined>([
    ['testers', { kind: 'any', parts: [], holds: (request) => request.path === '/test' }],
    ['broken', undefined],
  ]),
};

/** Compiles a condition; throws what is wrong with it. */
function compile(condition: unknown): Predicate {
  const { issues, report } = issueCollector();
  const node = compileCondition(new Value(condition, [], report), scope);
  if (issues.length > 0) throw new Error(issues.map(formatIssue).join('\n'));
  if (!node) throw new Error('not compiled and nothing said');
  return (request) => {
    scope.facts.begin();
    return node.holds(request);
  };
}

const holds = (condition: unknown, request: Partial<RequestFacts> = {}): boolean =>
  compile(condition)(requestFacts(request));

describe('every source with every operator', () => {
  const sources: readonly [
    fact: string,
    request: (value: string) => Partial<RequestFacts>,
    missing: Partial<RequestFacts>,
  ][] = [
    ['header.x-v', (value) => ({ headers: ['X-V', asNode(value)] }), {}],
    ['cookie.v', (value) => ({ headers: ['Cookie', asNode(`a=1; v=${value}`)] }), { headers: ['Cookie', 'a=1'] }],
    ['query.v', (value) => ({ query: `a=1&v=${encodeURIComponent(value)}` }), { query: 'a=1' }],
    ['token.v', (value) => ({ token: { v: value } }), { token: { w: 'x' } }],
    ['attribute.city', (value) => ({ headers: ['x-city', asNode(value)] }), {}],
    ['geo.city', (value) => ({ geo: { city: value } }), {}],
    ['host', (value) => ({ host: asNode(value) }), { host: '' }],
    ['ip', (value) => ({ ip: asNode(value) }), { ip: '' }],
  ];
  const operators: readonly [name: OperatorName, operand: unknown, yes: string, no: string][] = [
    ['equals', 'zürich', 'zürich', 'zurich'],
    ['in', ['a', '北京'], '北京', 'b'],
    ['prefix', '北', '北京', '京北'],
    ['suffix', '京', '北京', '京北'],
    ['contains', 'ü', 'zürich', 'zurich'],
    ['matches', '^z.rich$', 'zürich', 'zuerich'],
    ['gt', 18, '19', '18'],
    ['gte', 18, '18', '17.9'],
    ['lt', 18, '17.9', '18'],
    ['lte', 18, '18', 'eighteen'],
    ['range', [18, 30], '30', '31'],
    ['cidr', ['10.0.0.0/8'], '10.1.2.3', '11.1.2.3'],
    ['semver', '^2.3', '2.4.0', '3.0.0-rc.1'],
    ['mod', { by: 10, in: [3] }, '9007199254740993', '9007199254740992'],
    ['before', '2026-12-24', '2026-12-23', '2026-12-24'],
    ['after', '2026-12-24', '2026-12-24', '2026-12-23'],
  ];
  const cases = sources.flatMap(([fact, request, missing]) =>
    operators.map((row) => [fact, ...row, request, missing] as const),
  );

  it.each(cases)('%s %s %j', (fact, operator, operand, yes, no, request, missing) => {
    const condition = { fact, [operator]: operand };
    expect(holds(condition, request(yes))).toBe(true);
    expect(holds(condition, request(no))).toBe(false);
    expect(holds(condition, missing)).toBe(false);
    expect(holds({ not: condition }, request(yes))).toBe(false);
    expect(holds({ not: condition }, request(no))).toBe(true);
    expect(holds({ not: condition }, missing)).toBe(true);
  });

  it.each(sources)('%s exists or not', (fact, request, missing) => {
    expect(holds({ fact, exists: true }, request('x'))).toBe(true);
    expect(holds({ fact, exists: true }, missing)).toBe(false);
    expect(holds({ fact, exists: false }, request('x'))).toBe(false);
    expect(holds({ fact, exists: false }, missing)).toBe(true);
    expect(holds({ not: { fact, exists: false } }, request('x'))).toBe(true);
  });

  it.each<[unknown, Partial<RequestFacts>, boolean]>([
    [{ fact: 'method', equals: 'POST' }, { method: 'POST' }, true],
    [{ fact: 'method', equals: 'post' }, { method: 'POST' }, false],
    [{ fact: 'method', equals: 'post', ignoreCase: true }, { method: 'POST' }, true],
    [{ fact: 'path', prefix: '/api/' }, { path: '/api/cart' }, true],
    [{ fact: 'path', prefix: '/a b' }, { path: '/a%20b' }, false],
    [{ fact: 'path', matches: '^/v[12]/' }, { path: '/v2/x' }, true],
    [{ fact: 'host', equals: 'shop.example' }, { host: 'Shop.Example:443' }, true],
    [{ fact: 'host', equals: 'Shop.Example' }, { host: 'Shop.Example' }, false],
    [
      { fact: 'agent.device', in: ['ios'] },
      { headers: ['user-agent', 'Mozilla (iPhone; CPU iPhone OS 17_5 like Mac OS X)'] },
      true,
    ],
    [
      { fact: 'agent.osVersion', semver: '>=17.4' },
      { headers: ['user-agent', 'Mozilla (iPhone; CPU iPhone OS 17_5 like Mac OS X)'] },
      true,
    ],
    [{ fact: 'agent.os', exists: false }, { headers: ['user-agent', 'curl'] }, true],
    [{ fact: 'time', after: '2026-12-24T18:00:00+08:00' }, { time: Date.UTC(2026, 11, 24, 10) }, true],
    [{ fact: 'time', after: '2026-12-24T18:00:00+08:00' }, { time: Date.UTC(2026, 11, 24, 10) - 1 }, false],
    [{ fact: 'time', before: '2026-12-24T18:00:00+08:00' }, { time: Date.UTC(2026, 11, 24, 10) - 1 }, true],
    [{ fact: 'time', before: '2026-12-24T18:00:00+08:00' }, { time: Date.UTC(2026, 11, 24, 10) }, false],
    [{ fact: 'header.x-v', equals: '1,2' }, { headers: ['x-v', '1', 'X-V', '2'] }, true],
    [{ fact: 'header.x-v', equals: '' }, { headers: ['x-v', ''] }, true],
    [{ fact: 'header.x-v', exists: true }, { headers: ['x-v', ''] }, true],
    [{ fact: 'token.org.plan', equals: 'pro' }, { token: { org: { plan: 'pro' } } }, true],
    [{ fact: 'token.roles', equals: 'a,b' }, { token: { roles: ['a', 'b'] } }, true],
    [{ fact: 'cookie.V', equals: '1' }, { headers: ['cookie', 'v=2; V=1; V=3'] }, true],
    [{ fact: 'query.v', equals: 'a b' }, { query: 'v=a+b&v=c' }, true],
    [{ fact: 'header.x-city', equals: 'ZÜRICH', ignoreCase: true }, { headers: ['x-city', asNode('zÜrich')] }, true],
    [{ fact: 'header.x-city', equals: 'ZÜRICH', ignoreCase: true }, { headers: ['x-city', asNode('zürich')] }, false],
    [{ fact: 'header.x-v', gt: 5, ignoreCase: false }, { headers: ['x-v', '6'] }, true],
  ])('%j of %j: %s', (condition, request, expected) => {
    expect(holds(condition, request)).toBe(expected);
  });
});

describe('a missing value', () => {
  it.each<[OperatorName, unknown]>([
    ['equals', ''],
    ['in', ['']],
    ['matches', '^$'],
    ['matches', '.*'],
  ])('is not the empty text: %s %j is false', (operator, operand) => {
    const condition = { fact: 'header.x-v', [operator]: operand };
    expect(holds(condition)).toBe(false);
    expect(holds(condition, { headers: ['x-v', ''] })).toBe(true);
    expect(holds({ not: condition })).toBe(true);
  });
});

describe('combinations', () => {
  const yes = { fact: 'path', equals: '/' };
  const no = { fact: 'path', equals: '/other' };

  it.each<[unknown, boolean]>([
    [{ all: [yes, yes] }, true],
    [{ all: [yes, no] }, false],
    [{ any: [no, yes] }, true],
    [{ any: [no, no] }, false],
    [{ not: no }, true],
    [{ not: { not: yes } }, true],
    [{ all: [{ any: [no, { not: no }] }, { not: { all: [yes, no] } }] }, true],
    [{ segment: 'testers' }, false],
    [{ not: { segment: 'testers' } }, true],
  ])('%j: %s', (condition, expected) => {
    expect(holds(condition)).toBe(expected);
  });

  it('a segment holds for the requests that are in it', () => {
    expect(holds({ segment: 'testers' }, { path: '/test' })).toBe(true);
  });

  it('behave as Boolean algebra does, to any depth that is allowed', () => {
    type Tree = { condition: unknown; value: boolean };
    const leaf: fc.Arbitrary<Tree> = fc.boolean().map((value) => ({ condition: value ? yes : no, value }));
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: MAX_DEPTH, depthSize: 'medium' },
        leaf,
        tie('tree').map(({ condition, value }) => ({ condition: { not: condition }, value: !value })),
        fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((parts) => ({
          condition: { all: parts.map((part) => part.condition) },
          value: parts.every((part) => part.value),
        })),
        fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((parts) => ({
          condition: { any: parts.map((part) => part.condition) },
          value: parts.some((part) => part.value),
        })),
      ),
    }));
    fc.assert(fc.property(tree, ({ condition, value }) => expect(holds(condition)).toBe(value)));
  });

  const nested = (depth: number): unknown => (depth === 0 ? yes : { not: nested(depth - 1) });

  it('may be nested to the cap and no deeper', () => {
    expect(holds(nested(MAX_DEPTH))).toBe(true);
    expect(() => compile(nested(MAX_DEPTH + 1))).toThrow(`${'not.'.repeat(MAX_DEPTH)}not: is nested more than 16 deep`);
  });
});

describe('conditions with mistakes', () => {
  it.each<[unknown, string]>([
    [null, 'must be an object, not empty'],
    ['gray', 'must be an object, not "gray"'],
    [[], 'must be an object, not a list'],
    [{}, 'must have one of all, any, not, segment or fact'],
    [
      { alll: [] },
      'alll: unknown field (did you mean "all"?); known here: all, any, not, segment, fact\nmust have one of all, any, not, segment or fact',
    ],
    [{ all: [], any: [] }, 'has both all and any: put them into one all: [ … ]'],
    [{ all: [] }, 'all: must have at least 1 item'],
    [{ any: {} }, 'any: must be a list, not an object'],
    [{ not: null }, 'not: must be an object, not empty'],
    [{ not: [{ fact: 'ip', exists: true }] }, 'not: must be an object, not a list'],
    [{ segment: 'testrs' }, 'segment: no segment is called "testrs" (did you mean "testers"?)'],
    [{ segment: 1 }, 'segment: must be a text, not 1 (put it in quotes: "1")'],
    [
      { fact: 'ip' },
      'must have an operator: exists, equals, in, prefix, suffix, contains, matches, gt, gte, lt, lte, range, cidr, semver, mod, before, after',
    ],
    [
      { fact: 'ip', equal: 'x' },
      'equal: unknown field (did you mean "equals"?); known here: fact, exists, ignoreCase, equals, in, prefix, suffix, contains, matches, gt, gte, lt, lte, range, cidr, semver, mod, before, after\nmust have an operator: exists, equals, in, prefix, suffix, contains, matches, gt, gte, lt, lte, range, cidr, semver, mod, before, after',
    ],
    [{ fact: 'ip', equals: '1', in: ['1'] }, 'has both equals and in: put two conditions into all: [ … ]'],
    [{ fact: 'ip', exists: 'yes' }, 'exists: must be true or false, not "yes"'],
    [{ fact: 'path', equals: '/', ignoreCase: 'yes' }, 'ignoreCase: must be true or false, not "yes"'],
    [{ fact: 7, equals: '/' }, 'fact: must be a text, not 7 (put it in quotes: "7")'],
    [
      { fact: 'attribute.ctiy', equals: 'x' },
      'fact: no attribute is called "ctiy" (did you mean "city"?): add it, as attributes: { ctiy: [header.x-ctiy] }',
    ],
    [
      { fact: 'header.X', equals: 1 },
      'fact: "X" is no header name: write it in lower case, as header.x-user-id\nequals: must be a text, not 1 (put it in quotes: "1")',
    ],
    [
      { any: [{ fact: 'ip' }, { not: { segment: 'nobody' } }] },
      'any[0]: must have an operator: exists, equals, in, prefix, suffix, contains, matches, gt, gte, lt, lte, range, cidr, semver, mod, before, after\nany[1].not.segment: no segment is called "nobody"',
    ],
  ])('%j', (condition, message) => {
    expect(() => compile(condition)).toThrow(new Error(message));
  });

  it('a segment that has mistakes of its own is not complained about twice', () => {
    expect(() => compile({ segment: 'broken' })).toThrow('not compiled and nothing said');
  });
});
