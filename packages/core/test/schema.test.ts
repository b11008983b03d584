import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { isGraylaneError, parsePolicy } from '../src/index.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const filesUnder = (directory: string): string[] =>
  readdirSync(new URL(directory, root), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(`${directory}/${entry.name}`) : `${directory}/${entry.name}`,
    );

const schema = JSON.parse(read('spec/policy.schema.json'));
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
const validate = ajv.compile(schema);

/** What the schema finds wrong, as lines. */
function findings(policy: unknown): string[] {
  validate(policy);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Whether core accepts a policy. Anything but a refusal fails. */
function accepted(policy: unknown): boolean {
  try {
    parsePolicy(policy);
    return true;
  } catch (error) {
    if (!isGraylaneError(error, 'GL_POLICY_INVALID')) throw error;
    return false;
  }
}

/** Every policy that the project has written down, with where it stands. */
function* policies(): Generator<[string, unknown]> {
  for (const path of filesUnder('spec/vectors').filter((name) => name.endsWith('.json'))) {
    const { policy, cases } = JSON.parse(read(path));
    if (policy) yield [path, policy];
    for (const vector of cases) {
      if (vector.policy) yield [`${path}: ${vector.name}`, vector.policy];
      if (vector.when)
        yield [`${path}: ${vector.name}`, { version: 1, rules: [{ name: 'r', when: vector.when, lane: 'stable' }] }];
    }
  }
  const places = ['examples', 'docs', 'test', 'packages/core/test', 'packages/gateway/test', 'packages/graylane/test'];
  for (const path of ['README.md', ...places.flatMap(filesUnder)]) {
    if (/\.ya?ml$/.test(path)) yield* written(path, read(path));
    if (path.endsWith('.md'))
      for (const [, text = ''] of read(path).matchAll(/```ya?ml\n([\s\S]*?)```/g)) yield* written(path, text);
  }
}

function* written(path: string, text: string): Generator<[string, unknown]> {
  if (/^version: 1$/m.test(text)) yield [path, parse(text)];
}

const lane = (declaration: unknown): unknown => ({ version: 1, lanes: { gray: declaration } });
const segment = (content: unknown): unknown => ({ version: 1, segments: { s: content } });
const rules = (...all: unknown[]): unknown => ({ version: 1, lanes: { gray: {}, blue: {} }, rules: all });
const when = (condition: unknown): unknown => rules({ name: 'r', when: condition, lane: 'gray' });
const test = (operator: unknown): unknown => when({ fact: 'header.x', ...(operator as object) });
const split = (content: unknown): unknown => rules({ name: 'r', split: content });
const service = (content: unknown): unknown => ({ version: 1, lanes: { gray: {} }, services: { orders: content } });

describe('the schema of a policy', () => {
  it('holds for every policy of the vectors, the examples, the documentation and the tests', () => {
    const all = [...policies()];
    const refused = all.map(([place, policy]) => [place, findings(policy)]).filter(([, wrong]) => wrong?.length !== 0);
    expect(refused).toEqual([]);
    expect(all.filter(([, policy]) => !accepted(policy))).toEqual([]);
    const places = new Set(all.map(([place]) => place.split('/')[0]));
    expect([...places].sort()).toEqual(['README.md', 'docs', 'examples', 'spec']);
    expect(all.length).toBeGreaterThan(500);
  });

  it.each<[string, unknown]>([
    ['only a version', { version: 1 }],
    ['sections left empty', { version: 1, lanes: null, attributes: null, segments: null, rules: null, services: null }],
    ['a lane without a word about it', lane(null)],
    ['a lane of one character, and of 40', { version: 1, lanes: { a: {}, [`a${'-'.repeat(38)}z`]: {} } }],
    [
      'a segment, a service and a parameter with any name',
      { version: 1, lanes: {}, segments: { '北京 人': { fact: 'query.城 市', in: [''] } }, services: { 'a/b c': {} } },
    ],
    ['an origin with a slash at its end', lane({ environment: 'https://next.example/' })],
    ['an empty text where it means something', test({ equals: '' })],
    ['a range of one number', test({ range: [1, 1] })],
    ['spaces in a range of versions', test({ semver: ' >=1.2  <2||v3.0.0-rc.1+b ' })],
    ['a time without seconds', test({ before: '2026-12-24T18:00Z' })],
    ['a share of none, and of a thousandth', split({ by: 'ip', lanes: { gray: 0, blue: 0.001, stable: 99.999 } })],
    ['a service that falls back to nothing but stable', service({ fallback: { gray: [] } })],
  ])('and core both accept %s', (_, policy) => {
    expect([findings(policy), accepted(policy)]).toEqual([[], true]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a list', []],
    ['no version', {}],
    ['another version', { version: 2 }],
    ['a version in quotes', { version: '1' }],
    ['an unknown section', { version: 1, lane: {} }],
    ['lanes as a list', { version: 1, lanes: ['gray'] }],
    ['stable declared', { version: 1, lanes: { stable: {} } }],
    ['a lane with capital letters', { version: 1, lanes: { Gray: {} } }],
    ['a lane with an underscore', { version: 1, lanes: { gray_1: {} } }],
    ['a lane that ends with a hyphen', { version: 1, lanes: { 'gray-': {} } }],
    ['a lane of 41 characters', { version: 1, lanes: { ['a'.repeat(41)]: {} } }],
    ['an unknown field of a lane', lane({ expiry: '2026-12-24' })],
    ['an owner that is a number', lane({ owner: 7 })],
    ['an empty description', lane({ description: '' })],
    ['a date that is none', lane({ expires: 'soon' })],
    ['enabled as a text', lane({ enabled: 'no' })],
    ['strict as a number', lane({ strict: 1 })],
    ['a fallback that is a text', lane({ fallback: 'blue' })],
    ['a fallback to nothing', lane({ fallback: [] })],
    ['a fallback to stable', lane({ fallback: ['stable'] })],
    ['an environment with a path', lane({ environment: 'http://next/path' })],
    ['an environment that is no address', lane({ environment: 'next:8080' })],
    ['an attribute with a space', { version: 1, attributes: { 'a b': ['ip'] } }],
    ['an attribute of nothing', { version: 1, attributes: { user: [] } }],
    ['an attribute that is a text', { version: 1, attributes: { user: 'ip' } }],
    ['an attribute of attributes', { version: 1, attributes: { user: ['ip'], other: ['attribute.user'] } }],
    ['a segment with a list and a file', segment({ fact: 'ip', in: ['a'], file: 'f' })],
    ['a segment without a fact', segment({ in: ['a'] })],
    ['a segment with a fact beside a condition', segment({ fact: 'ip', when: { fact: 'ip', exists: true } })],
    ['a segment of nobody', segment({ fact: 'ip', in: [] })],
    ['a segment of numbers', segment({ fact: 'ip', in: [1, 2] })],
    [
      'a segment of segments',
      { version: 1, segments: { a: { fact: 'ip', in: ['x'] }, b: { when: { not: { segment: 'a' } } } } },
    ],
    ['a rule without a name', rules({ lane: 'gray' })],
    ['a rule with too long a name', rules({ name: 'r'.repeat(101), lane: 'gray' })],
    ['a rule with neither lane nor split', rules({ name: 'r' })],
    ['a rule with both lane and split', rules({ name: 'r', lane: 'gray', split: { by: 'ip', lanes: { gray: 5 } } })],
    ['a rule with an unknown field', rules({ name: 'r', lane: 'gray', if: {} })],
    ['a rule with a lane that is no name', rules({ name: 'r', lane: 'Gray' })],
    ['an empty condition', when({})],
    ['a condition that is empty in YAML', when(null)],
    ['a list as condition', when([{ fact: 'ip', exists: true }])],
    ['all of nothing', when({ all: [] })],
    ['all and any at once', when({ all: [{ fact: 'ip', exists: true }], any: [{ fact: 'ip', exists: true }] })],
    ['not of a list', when({ not: [{ fact: 'ip', exists: true }] })],
    ['a test without an operator', test({})],
    ['a test with two operators', test({ prefix: 'a', suffix: 'b' })],
    ['a test with an unknown operator', test({ equal: 'a' })],
    ['an operator without a fact', when({ equals: 'a' })],
    ['an unknown fact', when({ fact: 'user', equals: 'a' })],
    ['a header with capital letters', when({ fact: 'header.X-User', equals: 'a' })],
    ['a header with an underscore', when({ fact: 'header.x_user', equals: 'a' })],
    ['a cookie with a space', when({ fact: 'cookie.a b', equals: 'a' })],
    ['a query without a name', when({ fact: 'query.', equals: 'a' })],
    ['a method with a name', when({ fact: 'method.x', equals: 'a' })],
    ['a place that is none', when({ fact: 'geo.planet', equals: 'a' })],
    ['a part of the agent that is none', when({ fact: 'agent.version', equals: 'a' })],
    ['equals a number', test({ equals: 1 })],
    ['in a text', test({ in: 'a' })],
    ['in nothing', test({ in: [] })],
    ['an empty prefix', test({ prefix: '' })],
    ['an empty suffix', test({ suffix: '' })],
    ['contains nothing', test({ contains: '' })],
    ['too long an expression', test({ matches: 'a'.repeat(1001) })],
    ['a number in quotes', test({ gt: '10' })],
    ['a range of three', test({ range: [1, 2, 3] })],
    ['a range of texts', test({ range: ['1', '2'] })],
    ['a network that is none', test({ cidr: 'office' })],
    ['no networks', test({ cidr: [] })],
    ['a version with a wildcard', test({ semver: '2.x' })],
    ['a version that is a number', test({ semver: 2 })],
    ['an operator apart from its version', test({ semver: '>= 2.3' })],
    ['a modulus without remainders', test({ mod: { by: 10 } })],
    ['a modulus of zero', test({ mod: { by: 0, in: [0] } })],
    ['a remainder with a fraction', test({ mod: { by: 10, in: [0.5] } })],
    ['an unknown field of mod', test({ mod: { by: 10, in: [1], of: 2 } })],
    ['a time with a space', test({ before: '2026-12-24 18:00:00' })],
    ['a time without a zone', test({ after: '2026-12-24T18:00:00' })],
    ['exists as a text', test({ exists: 'yes' })],
    ['ignoreCase as a text', test({ equals: 'a', ignoreCase: 'yes' })],
    ['a split without a key', split({ lanes: { gray: 5 } })],
    ['a split without lanes', split({ by: 'ip' })],
    ['a split with an empty salt', split({ by: 'ip', salt: '', lanes: { gray: 5 } })],
    ['a split with an unknown field', split({ by: 'ip', seed: 1, lanes: { gray: 5 } })],
    ['a negative share', split({ by: 'ip', lanes: { gray: -1 } })],
    ['a share of more than all', split({ by: 'ip', lanes: { gray: 101 } })],
    ['a share in quotes', split({ by: 'ip', lanes: { gray: '5' } })],
    ['a service that is empty in YAML', service(null)],
    ['a service with an unknown field', service({ timeout: 3 })],
    ['a service that falls back to a word', service({ fallback: { gray: 'never' } })],
    ['a service that falls back to stable by name', service({ fallback: { gray: ['stable'] } })],
    ['a service that needs no instance', service({ minReady: 0 })],
    ['a service that needs half an instance', service({ minReady: 1.5 })],
  ])('and core both refuse %s', (_, policy) => {
    expect([findings(policy).length > 0, accepted(policy)]).toEqual([true, false]);
  });

  it('says of every field what it is, for editors to show, and allows no unknown one', () => {
    const wrong: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, patternProperties, additionalProperties } = node as Readonly<Record<string, object>>;
      for (const [name, field] of Object.entries(properties ?? {}))
        if (!('description' in field || '$ref' in field)) wrong.push(`${path}.${name} has no description`);
      if ((properties || patternProperties) && (additionalProperties as unknown) !== false)
        wrong.push(`${path} allows unknown fields`);
      for (const [key, inner] of Object.entries(node)) visit(inner, `${path}/${key}`);
    };
    visit(schema, '#');
    expect(wrong).toEqual([]);
  });
});
