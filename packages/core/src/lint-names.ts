import { type Finding, finding } from './finding.ts';
import { STABLE } from './lane.ts';
import type { LintSubject } from './lint-subject.ts';
import { parseTime } from './operators.ts';
import type { LaneDeclaration, Policy } from './policy.ts';

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** Lanes, attributes and segments that nothing uses, that are empty, or that are past their time. */
export function lintNames({ policy, segments, now }: LintSubject): readonly Finding[] {
  const { facts, asked } = mentionsOf([policy.segments, policy.rules]);
  return [
    ...Object.entries(policy.lanes).flatMap(([name, lane]) => expiryOf(name, lane, now)),
    ...unused(
      'unused-lane',
      'lanes',
      policy.lanes,
      lanesUsed(policy),
      'no rule leads here and no lane falls back to it',
    ),
    ...unused(
      'unused-attribute',
      'attributes',
      policy.attributes,
      new Set([...facts].flatMap((fact) => (fact.startsWith('attribute.') ? fact.slice('attribute.'.length) : []))),
      'no rule and no segment looks at it',
    ),
    ...unused('unused-segment', 'segments', policy.segments, asked, 'no rule asks for it'),
    ...[...segments].flatMap(([name, node]) => {
      const isEmpty = node.kind === 'test' && Array.isArray(node.operand) && node.operand.length === 0;
      const { file = '' } = policy.segments[name] as { file?: string };
      return isEmpty ? finding('empty-segment', ['segments', name], `${file} has no members, so nobody is in it`) : [];
    }),
  ];
}

function unused(
  code: 'unused-lane' | 'unused-attribute' | 'unused-segment',
  section: string,
  declared: Readonly<Record<string, unknown>>,
  used: ReadonlySet<string>,
  message: string,
): readonly Finding[] {
  const names = Object.keys(declared).filter((name) => !used.has(name));
  return names.map((name) => finding(code, [section, name], message));
}

function expiryOf(name: string, { expires, owner }: LaneDeclaration, now: number): readonly Finding[] {
  if (expires === undefined) return [];
  const left = parseTime(expires) - now;
  const path = ['lanes', name, 'expires'];
  const ask = owner === undefined ? '' : `: ask ${owner}`;
  if (left < 0) return [finding('lane-expired', path, `was to be gone ${daysText(-left)} ago${ask}`)];
  return left <= WEEK_MS ? [finding('lane-expires', path, `is to be gone in ${daysText(left)}${ask}`)] : [];
}

function daysText(ms: number): string {
  const days = Math.floor(ms / (WEEK_MS / 7));
  if (days === 0) return 'less than a day';
  return days === 1 ? 'a day' : `${days} days`;
}

/** The lanes that rules lead to, and those that these fall back to. */
function lanesUsed({ lanes, rules, services }: Policy): ReadonlySet<string> {
  const used = new Set<string>([STABLE]);
  for (const rule of rules) {
    if ('lane' in rule) used.add(rule.lane);
    else for (const lane of Object.keys(rule.split.lanes)) used.add(lane);
  }
  const chains = [
    ...Object.values(lanes).map(({ fallback }) => fallback ?? []),
    ...Object.values(services).flatMap(({ fallback }) => Object.values(fallback ?? {})),
  ];
  for (const chain of chains) if (chain !== 'strict') for (const lane of chain) used.add(lane);
  return used;
}

/** What values that hold conditions and splits speak of: facts by their notation, and segments. */
function mentionsOf(values: readonly unknown[]): { facts: ReadonlySet<string>; asked: ReadonlySet<string> } {
  const facts = new Set<string>();
  const asked = new Set<string>();
  const todo = [...values];
  while (todo.length > 0) {
    const value = todo.pop();
    if (typeof value !== 'object' || value === null) continue;
    const { fact, by, segment } = value as { fact?: unknown; by?: unknown; segment?: unknown };
    for (const text of [fact, by]) if (typeof text === 'string') facts.add(text);
    if (typeof segment === 'string') asked.add(segment);
    todo.push(...Object.values(value));
  }
  return { facts, asked };
}
