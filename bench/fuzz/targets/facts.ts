import { type CompiledPolicy, compilePolicy, decide, explain, parsePolicy } from '@graylane/core';
import { compareWithNaive, linesOf, requestOf } from '../lines.ts';
import { vectorRequests } from '../seeds.ts';
import { type Target, wordsOf } from '../target.ts';

const FACTS = [
  ...wordsOf(`
      path query.a query.é host ip header.x cookie.a cookie.b token.sub token.a.b token.0 agent.device agent.os
      agent.osVersion agent.browser agent.browserVersion header.user-agent
    `),
];

/** A policy for each fact whose lane depends on the whole value: a tenth of all values for each of ten lanes. */
const COMPILED: readonly CompiledPolicy[] = FACTS.map((fact) => {
  const lanes = Array.from('abcdefghij', (name) => name);
  const split = { by: fact, lanes: Object.fromEntries(lanes.map((name) => [name, 10])) };
  const when = { fact, exists: true };
  const rules = [{ name: 'split', when, split }];
  return compilePolicy(parsePolicy({ version: 1, lanes: Object.fromEntries(lanes.map((name) => [name, {}])), rules }));
});

/** How facts are read from what clients send. */
export const facts: Target = {
  name: 'facts',
  summary: 'paths, queries, hosts, headers, cookies, user agents and claims, a line each',
  seeds: vectorRequests().map((request) => linesOf(request).join('\n')),
  words: [
    ...wordsOf(`
      a= ;a= &a= %C3%A9= % %2 %41 + = & ; , " . : :80 .:80 [ ] [::1] ::ffff:1.2.3.4 X {"sub": {"a":{"b":1}}
      [1,"a",{}] null iPhone Version/ Safari/ Chrome/1.2 Edg/ MicroMessenger/ bot 1.2.3 1_2 .1 _ "length"
      __proto__ toString
    `),
    '; a = ',
    ' ',
    '\t',
    '\n',
    '\n\n',
    'HarmonyOS ',
    'OS ',
    ' OS 17_5',
    'Android ',
    'Windows NT ',
    'Mac OS X ',
  ],
  limit: 65_536,
  exercise: (input) => {
    const request = requestOf(input.split('\n'));
    return COMPILED.map((compiled) => [decide(compiled, request), explain(compiled, request)]);
  },
  verify: (input) => {
    const request = requestOf(input.split('\n'));
    for (const compiled of COMPILED) compareWithNaive(compiled, request);
  },
};
