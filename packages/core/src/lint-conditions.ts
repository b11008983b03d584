import { toBytes } from './bytes.ts';
import type { ConditionNode, TestNode } from './condition.ts';
import { factNote, reasonWhyNever } from './conflict-reason.ts';
import { canBe } from './fact-domain.ts';
import { usualForm } from './fact-forms.ts';
import { type Finding, finding } from './finding.ts';
import type { LintSubject } from './lint-subject.ts';
import { matchesAnything } from './regex-total.ts';
import { requestWith } from './request-builder.ts';
import type { Path } from './shape.ts';

/** Conditions that say nothing: of rules, and of segments where they are written. */
export function lintConditions(subject: LintSubject): readonly Finding[] {
  const { policy, compiled, segments } = subject;
  const ofSegments = [...segments].flatMap(([name, node]) => {
    const isEmpty = node.kind === 'test' && Array.isArray(node.operand) && node.operand.length === 0;
    if (isEmpty) return []; // said of the segment itself
    const path: Path = ['segments', name];
    return lintNode(node, 'when' in (policy.segments[name] ?? {}) ? [...path, 'when'] : path, subject);
  });
  const ofRules = compiled.rules.flatMap(({ when }, index) =>
    when ? lintNode(when, ['rules', index, 'when'], subject) : [],
  );
  return [...ofSegments, ...ofRules];
}

/** The outermost conditions that never or always hold; within the others, and in tests, what is odd. */
function lintNode(node: ConditionNode, path: Path, subject: LintSubject): readonly Finding[] {
  const { solver } = subject;
  if (solver.isImpossible([{ node, wanted: true }]))
    return [finding('never-holds', path, `no request can fulfil this${reasonWhyNever(node)}`)];
  if (solver.isImpossible([{ node, wanted: false }])) {
    const answer = solver.solve([{ node, wanted: true }]);
    if (answer.kind !== 'request') return [];
    return [finding('always-holds', path, alwaysMessage(path), answer.request)];
  }
  if (node.kind === 'test') return lintTest(node, path, subject);
  return innerNodes(node, path).flatMap(([part, place]) => lintNode(part, place, subject));
}

/** The parts of a condition that are written in it: what a segment asks for is looked at where that is. */
function innerNodes(node: Exclude<ConditionNode, TestNode>, path: Path): readonly (readonly [ConditionNode, Path])[] {
  if (node.kind === 'segment') return [];
  const parts: readonly (readonly [ConditionNode, Path])[] =
    node.kind === 'not'
      ? [[node.part, [...path, 'not']]]
      : node.parts.map((part, index) => [part, [...path, node.kind, index]] as const);
  return parts.filter(([part]) => part.kind !== 'segment');
}

function alwaysMessage(path: Path): string {
  if (path[0] === 'segments' && path.length <= 3) return 'every request is in this segment';
  const isWhole = path.length === 3;
  return isWhole
    ? 'every request fulfils this: mend it, or leave it out'
    : 'every request fulfils this: it decides nothing';
}

function lintTest(node: TestNode, path: Path, subject: LintSubject): readonly Finding[] {
  return [...expressionFindings(node, path, subject), ...textFindings(node, path, subject)];
}

function expressionFindings(node: TestNode, path: Path, { solver, policy, now }: LintSubject): readonly Finding[] {
  const { operator, operand, ignoreCase } = node;
  if (operator !== 'matches' || !matchesAnything(operand as string, ignoreCase)) return [];
  const message = `is found in every value: write exists: true, or an expression that says which`;
  const name = carriers(node, policy.attributes)[0] ?? node.fact;
  const request = requestWith(new Map([[name, 'whatever']]), now);
  return solver.holds(node, request) ? [finding('matches-everything', [...path, 'matches'], message, request)] : [];
}

/** Texts that the fact never is, or not in this form, and texts that stand twice in a list. */
function textFindings(node: TestNode, path: Path, subject: LintSubject): readonly Finding[] {
  const { operator, operand, ignoreCase } = node;
  const isFile = operator === 'in' && path.length === 2 && 'file' in (subject.policy.segments[path[1] as string] ?? {});
  if (isFile || !['equals', 'in', 'prefix', 'suffix', 'contains'].includes(operator)) return [];
  const isList = operator === 'in';
  const texts = (isList ? operand : [operand]) as readonly string[];
  const seen = new Set<string>();
  return texts.flatMap((text, index) => {
    const place = isList ? [...path, 'in', index] : [...path, operator];
    const isRepeated = seen.has(text);
    seen.add(text);
    if (isRepeated) return finding('repeated-value', place, `${JSON.stringify(text)} is in the list already`);
    if (isList && !ignoreCase && !canBe(node.fact, toBytes(text)))
      return finding('impossible-value', place, `${node.fact} is never ${JSON.stringify(text)}${factNote(node.fact)}`);
    return oddValue(node, text, place, subject);
  });
}

function oddValue(node: TestNode, text: string, path: Path, { solver, now }: LintSubject): readonly Finding[] {
  const usual = usualForm(node, text);
  if (!usual) return [];
  const request = requestWith(new Map([[node.fact, usual.value]]), now);
  return solver.holds(node, request) ? [] : [finding('odd-value', path, usual.message, request)];
}

function carriers({ fact }: TestNode, attributes: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return fact.startsWith('attribute.') ? (attributes[fact.slice('attribute.'.length)] ?? []) : [fact];
}
