import { toBytes } from './bytes.ts';
import { type ConditionNode, compileCondition, presentAnd } from './condition.ts';
import { parseFact } from './fact-name.ts';
import type { FactTable } from './fact-table.ts';
import { type Attributes, type FactReader, factReader } from './facts.ts';
import { OPERATORS } from './operators.ts';
import type { Value } from './shape.ts';
import { createTextSet } from './text-set.ts';

/** The members of segments that are kept in files, by the name that the policy gives the file. */
export type SegmentFiles = ReadonlyMap<string, readonly string[]>;

/** Reads the section `attributes`. */
export function readAttributes(section: Value | undefined): Attributes {
  const attributes = new Map<string, readonly FactReader[]>();
  for (const [name, value] of section?.entries() ?? []) {
    if (!/^[A-Za-z][\w-]{0,63}$/.test(name)) value.fail('is no attribute name: use letters, digits, "_" and "-"');
    const readers = value.list(1)?.map((item) => {
      const fact = parseFact(item.text() ?? 'ip');
      if (typeof fact === 'string') return item.fail(fact);
      if (fact.source === 'attribute') return item.fail('an attribute is made of plain facts, not of other attributes');
      return factReader(fact, new Map());
    });
    attributes.set(name, readers?.filter((reader) => reader !== undefined) ?? []);
  }
  return attributes;
}

/** Compiles the section `segments`. A segment with mistakes is there without a condition. */
export function readSegments(
  section: Value | undefined,
  facts: FactTable,
  files: SegmentFiles,
): ReadonlyMap<string, ConditionNode | undefined> {
  return new Map(section?.entries()?.map(([name, value]) => [name, readSegment(value, facts, files)]));
}

function readSegment(value: Value, facts: FactTable, files: SegmentFiles): ConditionNode | undefined {
  const fields = value.fields(['fact', 'in', 'file', 'when']);
  if (!fields) return undefined;
  const forms = (['in', 'file', 'when'] as const).filter((name) => fields[name]);
  if (forms.length !== 1) return value.fail('must have exactly one of in, file (each with fact) and when');
  if (fields.when) {
    if (fields.fact) return value.fail('has both fact and when: the facts stand inside the condition');
    return compileCondition(fields.when, { facts });
  }
  const read = facts.reader(value.at('fact'));
  const members = fields.file ? linesOf(fields.file, files) : fields.in && wordsOf(fields.in);
  if (!read || !members) return undefined;
  const set = createTextSet(members.map(toBytes));
  const holds = presentAnd(read, (found) => set.has(found));
  const fact = value.at('fact').raw as string;
  return { kind: 'test', fact, read, operator: 'in', operand: members, ignoreCase: false, holds };
}

/** A file's lines. A file that was not handed in has none: whoever reads files reports those that are missing. */
function linesOf(value: Value, files: SegmentFiles): readonly string[] | undefined {
  const name = value.text();
  return name === undefined ? undefined : (files.get(name) ?? []);
}

function wordsOf(value: Value): readonly string[] | undefined {
  return OPERATORS.in(value, false) && (value.raw as readonly string[]);
}
