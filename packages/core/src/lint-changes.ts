import { fromBytes } from './bytes.ts';
import { type CompiledPolicy, compilePolicy } from './decide.ts';
import { type Finding, finding } from './finding.ts';
import { STABLE } from './lane.ts';
import type { LintSubject } from './lint-subject.ts';
import type { CompiledRule, CompiledSplit } from './parse-rules.ts';
import type { Policy, Rule } from './policy.ts';
import type { Path } from './shape.ts';
import { formatShare } from './share.ts';
import { type SplitMoves, splitMoves } from './split-moves.ts';

/** What a policy would do to users and instances that the policy before it has put into lanes. */
export function lintChanges(before: CompiledPolicy | Policy, { compiled, policy }: LintSubject): readonly Finding[] {
  const old = 'index' in before ? before : compilePolicy(before);
  const lanes = Object.entries(old.policy.lanes)
    .filter(([name, { enabled }]) => enabled !== false && !Object.hasOwn(policy.lanes, name))
    .map(([name]) => finding('lane-removed', ['lanes', name], removedMessage(name)));
  const rules = compiled.rules.flatMap((rule, index) => {
    const path: Path = ['rules', index];
    const same = old.rules.find(({ name }) => name === rule.name);
    if (same) return movedUsers(same, rule, path, policy.rules[index]);
    const renamed = old.rules.find((each) => isRenamed(each.name, rule.name, old.policy, policy));
    return renamed ? drawnAnew(renamed, rule, path) : [];
  });
  return [...lanes, ...rules];
}

function removedMessage(name: string): string {
  return `${name} is gone: instances that still have it serve nobody, and requests that still carry it are picked as stable; declare it with enabled: false until both are gone`;
}

function movedUsers(
  { outcome: before }: CompiledRule,
  { outcome: after }: CompiledRule,
  path: Path,
  rule: Rule | undefined,
): readonly Finding[] {
  if (before.kind === 'lane' || after.kind === 'lane') return [];
  const change = splitMoves(before, after);
  const share = formatShare(between(change));
  if (share === '0 %') return [];
  const [place, message] = whatMoves(change.basis, share, before, after);
  const isWritten = place !== 'salt' || (rule && 'split' in rule && rule.split.salt !== undefined);
  return [finding('users-move', [...path, 'split', ...(isWritten ? [place] : [])], message)];
}

function whatMoves(
  basis: SplitMoves['basis'],
  share: string,
  before: CompiledSplit,
  after: CompiledSplit,
): readonly [place: string, message: string] {
  const drawn = `users are drawn anew, and about ${share} of them leave the lane they are in`;
  if (basis === 'key') return ['by', `the key was ${before.by} and is ${after.by}: ${drawn}`];
  const [old, now] = [before.salt, after.salt].map((salt) => JSON.stringify(fromBytes(salt)));
  if (basis === 'salt') return ['salt', `the salt was ${old} and is ${now}: ${drawn}`];
  return ['lanes', `${share} of users go from one lane to another: ranges follow the order of the lanes`];
}

/** Buckets that leave a lane other than stable; where nothing is drawn anew, only those that go to another such lane. */
function between({ basis, moves }: SplitMoves): number {
  const concerned = moves.filter(({ from, to }) => from !== STABLE && (basis !== 'ranges' || to !== STABLE));
  return concerned.reduce((sum, { buckets }) => sum + buckets, 0);
}

/** Whether two rules differ in nothing but their names, and the old one is gone. */
function isRenamed(oldName: string, newName: string, before: Policy, after: Policy): boolean {
  if (after.rules.some(({ name }) => name === oldName)) return false;
  const [one, other] = [ruleNamed(before, oldName), ruleNamed(after, newName)].map((rule) =>
    JSON.stringify({ ...rule, name: '', description: '' }),
  );
  return one === other;
}

function ruleNamed({ rules }: Policy, name: string): Rule | undefined {
  return rules.find((rule) => rule.name === name);
}

function drawnAnew(
  { name, outcome: before }: CompiledRule,
  { outcome: after }: CompiledRule,
  path: Path,
): readonly Finding[] {
  if (before.kind === 'lane' || after.kind === 'lane') return [];
  const change = splitMoves(before, after);
  const buckets = between(change);
  if (change.basis === 'ranges' || buckets === 0) return [];
  const message = `was ${JSON.stringify(name)}, and the name is the salt: users are drawn anew, and about ${formatShare(buckets)} of them leave the lane they are in; write salt: ${JSON.stringify(fromBytes(before.salt))} to keep them`;
  return [finding('users-move', [...path, 'name'], message)];
}
