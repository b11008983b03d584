import type { RequestFacts } from './facts.ts';
import type { Path } from './shape.ts';

/** Something in a policy that is allowed and most likely not meant. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Where; `formatPath` writes it as people do. What was removed has the path that it had. */
  readonly path: Path;
  /** What is so, and what to do where that is clear. */
  readonly message: string;
  /** A request that shows it, verified by the policy itself. */
  readonly witness?: RequestFacts;
}

/** `warning`: hardly ever meant. `note`: often meant, and worth a look. */
export type Severity = 'warning' | 'note';

/** What kind of finding it is. */
export type FindingCode =
  | 'never-reached'
  | 'never-holds'
  | 'always-holds'
  | 'matches-everything'
  | 'impossible-value'
  | 'odd-value'
  | 'repeated-value'
  | 'overlap'
  | 'gives-nothing'
  | 'lane-off'
  | 'empty-segment'
  | 'unused-segment'
  | 'unused-attribute'
  | 'unused-lane'
  | 'lane-expired'
  | 'lane-expires'
  | 'users-move'
  | 'lane-removed'
  | 'not-all-checked';

/** Every kind of finding: how much it matters, and in one sentence what it says. */
export const FINDINGS: Readonly<Record<FindingCode, { readonly severity: Severity; readonly summary: string }>> = {
  'never-reached': { severity: 'warning', summary: 'Earlier rules take every request that this rule matches.' },
  'never-holds': { severity: 'warning', summary: 'No request can fulfil this condition.' },
  'always-holds': { severity: 'warning', summary: 'Every request fulfils this condition.' },
  'matches-everything': { severity: 'warning', summary: 'This expression is found in every value.' },
  'impossible-value': { severity: 'warning', summary: 'The fact never has this value.' },
  'odd-value': { severity: 'warning', summary: 'Requests do not have this fact in this form.' },
  'repeated-value': { severity: 'note', summary: 'A list has this value twice.' },
  overlap: { severity: 'note', summary: 'An earlier rule sends some requests of this rule to another lane.' },
  'gives-nothing': { severity: 'note', summary: 'This split gives no lane any share.' },
  'lane-off': { severity: 'note', summary: 'A rule leads to a lane that is switched off.' },
  'empty-segment': { severity: 'warning', summary: 'A segment has no members.' },
  'unused-segment': { severity: 'note', summary: 'No rule asks for this segment.' },
  'unused-attribute': { severity: 'note', summary: 'Nothing looks at this attribute.' },
  'unused-lane': { severity: 'note', summary: 'No rule leads to this lane, and none falls back to it.' },
  'lane-expired': { severity: 'warning', summary: 'A lane should be gone by now.' },
  'lane-expires': { severity: 'note', summary: 'A lane should be gone within a week.' },
  'users-move': { severity: 'warning', summary: 'A change moves users who are in a lane to another.' },
  'lane-removed': { severity: 'warning', summary: 'A lane is gone that instances and requests may still name.' },
  'not-all-checked': { severity: 'note', summary: 'The policy is too large to compare all of its conditions.' },
};

/** A finding of a kind, as severe as its kind is. */
export function finding(code: FindingCode, path: Path, message: string, witness?: RequestFacts): Finding {
  return { code, severity: FINDINGS[code].severity, path, message, ...(witness && { witness }) };
}
