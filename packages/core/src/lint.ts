import type { CompiledPolicy } from './decide.ts';
import { type Finding, finding } from './finding.ts';
import { lintChanges } from './lint-changes.ts';
import { lintConditions } from './lint-conditions.ts';
import { lintNames } from './lint-names.ts';
import { lintOutcomes } from './lint-outcomes.ts';
import { lintReach } from './lint-reach.ts';
import { type LintOptions, subjectOf } from './lint-subject.ts';
import type { Policy } from './policy.ts';
import type { Path } from './shape.ts';

const SECTIONS: readonly unknown[] = ['lanes', 'attributes', 'segments', 'rules', 'services'];

/**
 * What is allowed in a policy and most likely not meant, in the order of the policy. What is reported of rules and
 * conditions is proved, or shown by a request that `decide` itself was asked about; what can be neither, is not reported.
 *
 * @throws GraylaneError `GL_POLICY_INVALID` for a policy that was not checked and has mistakes
 */
export function lintPolicy(input: CompiledPolicy | Policy, options: LintOptions): readonly Finding[] {
  const subject = subjectOf(input, options);
  const findings = [
    ...lintNames(subject),
    ...lintConditions(subject),
    ...lintOutcomes(subject),
    ...lintReach(subject),
    ...(options.before ? lintChanges(options.before, subject) : []),
  ];
  if (subject.solver.isExhausted)
    findings.push(finding('not-all-checked', ['rules'], 'there are too many rules to compare each with each other'));
  return findings.toSorted((a, b) => inOrder(a.path, b.path));
}

/** Sections as they are documented, rules by number; within one thing, in the order in which it was found. */
function inOrder([a, one]: Path, [b, other]: Path): number {
  const bySection = SECTIONS.indexOf(a) - SECTIONS.indexOf(b);
  return bySection || (typeof one === 'number' && typeof other === 'number' ? one - other : 0);
}
