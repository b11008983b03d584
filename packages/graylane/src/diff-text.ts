import { styleText } from 'node:util';
import {
  type CompiledPolicy,
  type Finding,
  formatPath,
  formatShare,
  type Move,
  type NamesDiff,
  type PolicyDiff,
  type RequestLine,
  type RuleChange,
  type SampleDiff,
  type SplitChange,
} from '@graylane/core';
import { count } from './words.ts';

/** What was compared. */
export interface Compared {
  /** The files, as the command line names them. */
  readonly before: string;
  readonly after: string;
  readonly old: CompiledPolicy;
  readonly next: CompiledPolicy;
  /** The file with the sample, and its requests. */
  readonly requests: string | undefined;
  readonly lines: readonly RequestLine[];
}

/** A difference for people: what changed, whom it moves, and what to look out for. */
export function formatDiff(diff: PolicyDiff, findings: readonly Finding[], compared: Compared): string {
  const { before, after, old, next } = compared;
  if (diff.same) return `${before} and ${after} are the same policy, revision ${old.revision}.`;
  const parts = [
    `${before} (revision ${old.revision}) → ${after} (revision ${next.revision})`,
    changesText(diff),
    diff.splits.map(splitText).join('\n'),
    findings.map(findingText).join('\n'),
    diff.sample ? sampleText(diff.sample, compared) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** A difference as plain data. */
export function diffForm(diff: PolicyDiff, findings: readonly Finding[], lines: readonly RequestLine[]): object {
  const { sample, ...rest } = diff;
  const examples = sample?.examples.map(({ index, from, to, why }) => ({ ...numbered(lines, index), from, to, why }));
  return {
    ...rest,
    ...(sample && { sample: { ...sample, examples } }),
    warnings: findings.map(({ code, path, message }) => ({ code, path: formatPath(path), message })),
  };
}

function numbered(lines: readonly RequestLine[], index: number): object {
  const id = lines[index]?.id;
  return { number: index + 1, ...(id !== undefined && { id }) };
}

function changesText(diff: PolicyDiff): string {
  const names = (['lanes', 'attributes', 'segments', 'services'] as const).flatMap((section) =>
    namesText(section.slice(0, -1), diff[section]),
  );
  return [...names, ...diff.rules.map(ruleText)].map((line) => `  ${line}`).join('\n');
}

const ADDED = styleText('green', '+');
const REMOVED = styleText('red', '-');
const CHANGED = styleText('yellow', '~');

function namesText(kind: string, { added, removed, changed }: NamesDiff): readonly string[] {
  return [
    ...added.map((name) => `${ADDED} ${kind} ${name}`),
    ...removed.map((name) => `${REMOVED} ${kind} ${name}`),
    ...changed.map(
      ({ name, fields }) => `${CHANGED} ${kind} ${name}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`,
    ),
  ];
}

function ruleText(change: RuleChange): string {
  const name = JSON.stringify(change.name);
  switch (change.kind) {
    case 'added':
      return `${ADDED} rule ${name}, the ${ordinal(change.to)}`;
    case 'removed':
      return `${REMOVED} rule ${name}, which was the ${ordinal(change.from)}`;
    case 'renamed':
      return `${CHANGED} rule ${name} was called ${JSON.stringify(change.was)}`;
    case 'moved':
      return `${CHANGED} rule ${name} is now the ${ordinal(change.to)}, and was the ${ordinal(change.from)}`;
    case 'changed':
      return `${CHANGED} rule ${name}: ${change.fields.join(', ')}`;
  }
}

function ordinal(index: number): string {
  const number = index + 1;
  const [tens, ones] = [number % 100, number % 10];
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][ones] ?? 'th');
  return `${number}${ending}`;
}

function splitText({ rule, basis, moves, replay }: SplitChange): string {
  const all = formatShare(moves.reduce((sum, { buckets }) => sum + buckets, 0));
  const each = moves.map((move) => moveText(move)).join(', ');
  const head = `Of the users of ${JSON.stringify(rule)},`;
  if (all === '100 %') return `All users of ${JSON.stringify(rule)} change lane: ${each}.`;
  if (basis === 'ranges') return `${head} exactly ${all} change lane: ${each}. Nobody else does.`;
  const why = basis === 'salt' ? 'the salt changed' : 'another fact is the key';
  const tried = replay?.moves.reduce((sum, { keys }) => sum + keys, 0) ?? 0;
  const share = Number(((100 * tried) / (replay?.keys ?? 1)).toFixed(2));
  return `${head} about ${all} change lane, because ${why}: ${each}. (${share} % of ${replay?.keys} keys that were tried.)`;
}

function moveText({ from, to, buckets }: Move): string {
  return `${formatShare(buckets)} from ${from} to ${to}`;
}

function findingText({ path, message }: Finding): string {
  return `${styleText('yellow', 'warning')}  ${formatPath(path)}: ${message}`;
}

function idText(id: unknown): string {
  return typeof id === 'string' ? id : JSON.stringify(id);
}

function sampleText({ requests, changed, moves, examples }: SampleDiff, { requests: file, lines }: Compared): string {
  if (changed === 0) return `${file}: none of ${count(requests, 'request')} changes lane.`;
  const width = Math.max(...moves.map(({ requests: number }) => String(number).length));
  const rows = moves.map((move) => `  ${String(move.requests).padStart(width)}  ${move.from} → ${move.to}`);
  const shown = examples.map(({ index, why }) => {
    const id = lines[index]?.id;
    return `  ${index + 1}${id === undefined ? '' : ` (${idText(id)})`}: ${why}`;
  });
  const verb = changed === 1 ? 'changes' : 'change';
  return [`${file}: ${changed} of ${count(requests, 'request')} ${verb} lane.`, ...rows, '', ...shown].join('\n');
}
