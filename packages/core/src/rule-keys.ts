import { foldCase, toBytes } from './bytes.ts';
import type { ConditionNode, TestNode } from './condition.ts';
import type { FactReader } from './facts.ts';
import type { RuleKey } from './rule-index.ts';

/** A rule that could be found by more keys than this is found by none: the index would be larger than the rules. */
const MAX_KEYS = 10_000;

/**
 * Keys of which at least one must hold for a condition to hold, or undefined when there are none: then the rule has to be
 * tried for every request. Of a conjunction, one part's keys are enough, and those of the part with the fewest are best.
 */
export function keysOf(node: ConditionNode): readonly RuleKey[] | undefined {
  switch (node.kind) {
    case 'all':
      return node.parts
        .map(keysOf)
        .filter((keys) => keys !== undefined)
        .sort((a, b) => cost(a) - cost(b))[0];
    case 'any': {
      const parts = node.parts.map(keysOf);
      return parts.every((keys) => keys !== undefined) ? withinLimit(parts.flat()) : undefined;
    }
    case 'segment':
      return keysOf(node.part);
    case 'not':
      return undefined;
    case 'test':
      return keysOfTest(node);
  }
}

/** Whether a condition holds as soon as one of its keys does, so that it need not be tried any more. */
export function keysSuffice(node: ConditionNode): boolean {
  switch (node.kind) {
    case 'any':
      return node.parts.every(keysSuffice);
    case 'segment':
      return keysSuffice(node.part);
    case 'test':
      return keysOfTest(node) !== undefined;
    default:
      return false;
  }
}

function keysOfTest({ fact, read, operator, operand, ignoreCase }: TestNode): readonly RuleKey[] | undefined {
  if (operator !== 'equals' && operator !== 'in' && operator !== 'prefix') return undefined;
  const texts = (operator === 'in' ? operand : [operand]) as readonly string[];
  if (texts.length > MAX_KEYS) return undefined;
  const kind = operator === 'prefix' ? 'prefix' : 'exact';
  if (!ignoreCase) return texts.map((text) => ({ fact, read, kind, text: toBytes(text) }));
  const folded = folding(read);
  return texts.map((text) => ({ fact: `folded ${fact}`, read: folded, kind, text: foldCase(toBytes(text)) }));
}

function folding(read: FactReader): FactReader {
  return (request) => {
    const found = read(request);
    return found === undefined ? undefined : foldCase(found);
  };
}

function withinLimit(keys: readonly RuleKey[]): readonly RuleKey[] | undefined {
  return keys.length <= MAX_KEYS ? keys : undefined;
}

/** Prefixes find more rules that do not match in the end than whole values do. */
function cost(keys: readonly RuleKey[]): number {
  return keys.length + (keys.some(({ kind }) => kind === 'prefix') ? MAX_KEYS : 0);
}
