import assert from 'node:assert/strict';
import { compilePolicy, formatIssue, GraylaneError, isGraylaneError, openDocument, parsePolicy } from '@graylane/core';
import { textOf, vectors } from '../seeds.ts';
import { type Target, wordsOf } from '../target.ts';

const WORDS = [
  ...wordsOf(`
    lanes: attributes: segments: rules: services: owner: expires: fallback: fact: in: file: when: all: any: not:
    segment: name: lane: split: by: salt: description: minReady: equals: prefix: suffix: contains: matches: gt:
    lte: range: cidr: semver: mod: before: header.x cookie.a query.a token.sub attribute.user agent.os geo.city
    path ip time gray stable "strict" { } [ ] " ' *a ~ .nan __proto__ constructor toString 0x1f 1e999 .inf
    2026-12-24 10.0.0.0/8 ^(a+)+$
  `),
  'version: 1',
  'enabled: false',
  'strict: true',
  'environment: http://a:1',
  'ignoreCase: true',
  'exists: true',
  '"a": 1,',
  '- ',
  '  ',
  '\n',
  '\n  - ',
  ', ',
  ': ',
  '? ',
  '&a ',
  '<<: *a',
  '!!map ',
  '!!binary ',
  '!x ',
  '|\n',
  '>-\n',
  '# c\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '>=1 <2',
];

/** Policies as people write them. */
export const policy: Target = {
  name: 'policy',
  summary: 'the text of a policy, in YAML or JSON',
  seeds: [
    textOf('examples/shop/policy.yaml'),
    ...blocksOf(textOf('docs/guide/rules.md')),
    ...vectors('decide', 'pick').flatMap(({ policy: each }) => (each ? [JSON.stringify(each)] : [])),
    ...vectors('condition').map(({ when }) =>
      JSON.stringify({ version: 1, rules: [{ name: 'r', when, lane: 'stable' }] }),
    ),
  ].filter((text, index, all) => all.indexOf(text) === index),
  words: WORDS,
  limit: 65_536,
  exercise: (text) => {
    openDocument(text);
    try {
      return compilePolicy(parsePolicy(text)).revision;
    } catch (error) {
      if (isGraylaneError(error)) error.issues.map(formatIssue);
      throw error;
    }
  },
  verify: (text) => {
    const parsed = accepted(text);
    if (!parsed) return;
    const again = parsePolicy(JSON.stringify(parsed));
    assert.deepEqual(again, parsed, 'the policy, written as JSON');
    assert.equal(compilePolicy(again).revision, compilePolicy(parsed).revision, 'its revision');
  },
};

function accepted(text: string): ReturnType<typeof parsePolicy> | undefined {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof GraylaneError)) throw error;
    assert.equal(error.code, 'GL_POLICY_INVALID');
    assert.ok(error.issues.length > 0, 'a refusal says why');
    for (const { at } of error.issues) {
      const lines = text.split('\n').length;
      if (at)
        assert.ok(
          at.line >= 1 && at.line <= lines + 1 && at.column >= 1,
          `a place in the text, not ${at.line}:${at.column}`,
        );
    }
    return undefined;
  }
}

function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/```ya?ml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
}
