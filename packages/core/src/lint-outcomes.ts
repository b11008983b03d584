import { type Finding, finding } from './finding.ts';
import { STABLE } from './lane.ts';
import type { LintSubject } from './lint-subject.ts';
import type { Path } from './shape.ts';

/** Rules whose outcome is nothing, or a lane that is switched off. */
export function lintOutcomes({ policy }: LintSubject): readonly Finding[] {
  return policy.rules.flatMap((rule, index) => {
    const path: Path = ['rules', index];
    if ('lane' in rule) return offLane(rule.lane, [...path, 'lane']);
    const shares = Object.entries(rule.split.lanes).filter(([, share]) => share > 0);
    const gray = shares.filter(([lane]) => lane !== STABLE);
    if (gray.length === 0)
      return finding('gives-nothing', [...path, 'split', 'lanes'], 'gives every user stable: no lane has a share');
    return gray.flatMap(([lane]) => offLane(lane, [...path, 'split', 'lanes', lane]));
  });

  function offLane(lane: string, path: Path): readonly Finding[] {
    if (policy.lanes[lane]?.enabled !== false) return [];
    return [finding('lane-off', path, `${lane} is switched off, so these requests are picked as stable`)];
  }
}
