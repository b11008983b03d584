import { addressValues, type BoundaryValues, numberValues, timeValues, versionValues } from './boundary-values.ts';
import { type ByteText, foldCase, toBytes } from './bytes.ts';
import { canBe, canContain, isAlwaysThere, valuesOf } from './fact-domain.ts';
import { fulfils, type Literal } from './formula.ts';
import { matchesEverything } from './regex-total.ts';

/** Sets of more texts than this are not gone through: what they exclude is not known then. */
const MAX_TEXTS = 20_000;

const NUMBERS = ['gt', 'gte', 'lt', 'lte', 'range'];
const WHOLE = [...NUMBERS, 'mod'];
const TIMES = ['before', 'after'];
const PARTS = ['prefix', 'suffix', 'contains'];

/**
 * Whether literals on one fact are known to exclude each other. True is certain. False may be ignorance: how expressions
 * exclude each other, for instance, is not looked into.
 */
export function contradicts(literals: readonly Literal[]): boolean {
  if (literals.some((literal, index) => literals.slice(0, index).some((other) => isComplement(literal, other))))
    return true;
  const [{ fact } = { fact: '' }] = literals;
  if (!isAlwaysThere(fact) && !literals.some(({ wanted }) => wanted)) return false; // all are true without a value
  if (literals.some(({ operator, wanted }) => operator === 'exists' && !wanted)) return true;
  return (
    literals.some((literal) => isOutOfReach(literal, literals)) ||
    noTextIsLeft(fact, literals) ||
    kindsDiffer(fact, literals) ||
    noValueIsLeft(fact, literals) ||
    partsDiffer(literals)
  );
}

function isComplement(a: Literal, b: Literal): boolean {
  return (
    a.wanted !== b.wanted &&
    a.operator === b.operator &&
    a.ignoreCase === b.ignoreCase &&
    sameOperand(a.operand, b.operand)
  );
}

function sameOperand(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) && Array.isArray(b) && (a.length !== b.length || a.length > 50)) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether no value that the fact can have fulfils one literal. There is a value. */
function isOutOfReach({ fact, operator, operand, ignoreCase, wanted }: Literal, beside: readonly Literal[]): boolean {
  if (operator === 'matches') return !wanted && matchesEverything(operand as string, ignoreCase);
  if (!wanted) return false;
  if (!PARTS.includes(operator)) return false;
  if (beside.some((other) => other.operator === 'filled' && !other.wanted)) return true;
  const text = toBytes(operand as string);
  return !canContain(fact, operator as 'prefix', text, ignoreCase);
}

/** Where the value must be one of some texts: whether the other literals refuse each of them. */
function noTextIsLeft(fact: string, literals: readonly Literal[]): boolean {
  const sets = literals.flatMap((literal) => textsOf(literal) ?? []);
  const known = valuesOf(fact);
  if (known) sets.push({ texts: known, folded: false });
  const smallest = sets.sort((a, b) => a.texts.length - b.texts.length)[0];
  if (!smallest || smallest.texts.length > MAX_TEXTS) return false;
  const judges = smallest.folded ? literals.filter(ignoresCase) : literals;
  return !smallest.texts.some(
    (text) => (smallest.folded || canBe(fact, text)) && judges.every((literal) => fulfils(literal, text)),
  );
}

interface Texts {
  readonly texts: readonly ByteText[];
  /** Whether each stands for all the ways to write it in capitals. */
  readonly folded: boolean;
}

/** The texts that a literal leaves, when it leaves only some. */
function textsOf({ operator, operand, ignoreCase, wanted }: Literal): Texts | undefined {
  if (operator === 'filled' && !wanted) return { texts: [''], folded: false };
  if (!wanted || (operator !== 'equals' && operator !== 'in')) return undefined;
  const operands = (operator === 'in' ? operand : [operand]) as readonly string[];
  if (operands.length > MAX_TEXTS) return undefined;
  const texts = operands.map(toBytes);
  if (!ignoreCase) return { texts, folded: false };
  const folded = texts.map(foldCase);
  return { texts: folded, folded: folded.some((text) => /[a-z]/.test(text)) };
}

/** Whether a literal says the same of a text however it is written in capitals. */
function ignoresCase({ operator, ignoreCase }: Literal): boolean {
  if (ignoreCase) return [...PARTS, 'equals', 'in', 'matches'].includes(operator);
  return [...WHOLE, 'cidr', 'exists', 'filled'].includes(operator);
}

/** Whether the value would have to be, for instance, a number and an address at once. */
function kindsDiffer(fact: string, literals: readonly Literal[]): boolean {
  const asks = (operators: readonly string[]): boolean =>
    literals.some(({ operator, wanted }) => wanted && operators.includes(operator));
  const isTime = fact === 'time';
  if (isTime && asks(['semver'])) return true;
  if ((fact === 'agent.osVersion' || fact === 'agent.browserVersion') && asks(TIMES)) return true;
  return [asks(WHOLE), asks(['cidr']), isTime || asks(TIMES)].filter(Boolean).length > 1;
}

/** Whether the literals on one kind of value leave none. */
function noValueIsLeft(fact: string, literals: readonly Literal[]): boolean {
  const whole = literals.some(({ operator, wanted }) => wanted && operator === 'mod');
  return (
    nothingLeft(literals, whole ? WHOLE : NUMBERS, numberValues) ||
    nothingLeft(literals, ['cidr'], addressValues) ||
    nothingLeft(literals, ['semver'], versionValues) ||
    nothingLeft(literals, TIMES, timeValues, fact === 'time')
  );
}

function nothingLeft(
  literals: readonly Literal[],
  operators: readonly string[],
  valuesFor: (literals: readonly Literal[]) => BoundaryValues,
  certain = false,
): boolean {
  const concerned = literals.filter(({ operator }) => operators.includes(operator));
  // Complements alone are fulfilled by what is no such value at all.
  if (concerned.length === 0 || !(certain || concerned.some(({ wanted }) => wanted))) return false;
  const { values, complete } = valuesFor(concerned);
  return complete && !values.some((value) => concerned.every((literal) => fulfils(literal, value)));
}

/** Whether beginnings, ends and parts of a text exclude each other. */
function partsDiffer(literals: readonly Literal[]): boolean {
  const parts = literals.filter(({ operator }) => PARTS.includes(operator));
  return parts.some((one) => one.wanted && parts.some((other) => one !== other && excludes(one, other)));
}

function excludes(one: Literal, other: Literal): boolean {
  const fold = one.ignoreCase || other.ignoreCase;
  const [a, b] = [one, other].map(({ operand }) => (fold ? foldCase : String)(toBytes(operand as string)));
  if (a === undefined || b === undefined) return false;
  if (other.wanted) {
    if (one.operator !== other.operator || one.operator === 'contains') return false;
    return one.operator === 'prefix' ? !a.startsWith(b) && !b.startsWith(a) : !a.endsWith(b) && !b.endsWith(a);
  }
  // What the one asks for in any case does not always have what the other refuses in one case.
  if (one.ignoreCase && !other.ignoreCase && /[a-z]/.test(b)) return false;
  if (other.operator === 'contains') return a.includes(b);
  return one.operator === other.operator && (other.operator === 'prefix' ? a.startsWith(b) : a.endsWith(b));
}
