import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Issue } from './errors.ts';
import { issueCollector, type Path, Value } from './shape.ts';

/** The most characters that a text may have. Segments with more members belong into files of their own. */
export const MAX_TEXT_LENGTH = 4_000_000;

/** Something that a person wrote, opened for reading. */
export interface OpenDocument {
  /** Its outermost value; undefined when nothing can be read. */
  readonly root: Value | undefined;
  /** What is wrong. Grows while values of `root` are read. */
  readonly issues: readonly Issue[];
}

/**
 * Opens a YAML 1.2 text, of which JSON is a part, or the value that such a text stands for. Mistakes that are found while
 * reading the values of a text get their line and column. Never throws.
 */
export function openDocument(input: unknown): OpenDocument {
  const text = typeof input === 'string' ? readText(input) : undefined;
  if (text && text.issues.length > 0) return { root: undefined, issues: text.issues };
  const { issues, report } = issueCollector(text?.at);
  const root = new Value(text ? text.value : input, [], report);
  return { root: root.isShallow() ? root : undefined, issues };
}

/** What a text stands for. */
interface TextContent {
  /** Undefined when there are issues. */
  readonly value: unknown;
  /** What is wrong with the text before anybody looks at its meaning. */
  readonly issues: readonly Issue[];
  /** The place of a path in the text, or of the nearest thing around it. */
  readonly at: (path: Path) => Issue['at'];
}

function readText(text: string): TextContent {
  if (text.length > MAX_TEXT_LENGTH)
    return refused(`has more than ${MAX_TEXT_LENGTH} characters: keep large segments in files`);
  try {
    return readYaml(text);
  } catch (error) {
    return refused((error as Error).message); // too many aliases, or nested deeper than the stack is
  }
}

function refused(message: string): TextContent {
  return { value: undefined, issues: [{ path: '', message }], at: () => undefined };
}

function readYaml(text: string): TextContent {
  const lineCounter = new LineCounter();
  const options = { version: '1.2', lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;
  const document = parseDocument(text, options);
  const place = (offset: number): NonNullable<Issue['at']> => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const offsets = new Offsets(document.contents);
  const at = (path: Path): Issue['at'] => place(offsets.of(path));
  const mistakes = [...document.errors, ...document.warnings].map(({ code, message, pos }): Issue => {
    const second = 'has a second document: keep one, "---" begins another';
    return { path: '', message: code === 'MULTIPLE_DOCS' ? second : message, at: place(pos[0]) };
  });
  const issues = mistakes.length > 0 ? mistakes : repeatedKeys(document, place);
  return { value: issues.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined, issues, at };
}

/** Where things begin in a text. Keys are indexed map by map, so that places of many mistakes take no quadratic time. */
class Offsets {
  readonly #root: unknown;
  readonly #keys = new Map<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(root: unknown) {
    this.#root = root;
  }

  /** Where a map's key or a list's item begins, or the nearest thing around it. */
  of(path: Path): number {
    let node = this.#root;
    let offset = rangeStart(node) ?? 0;
    for (const part of path) {
      const pair = isMap(node) ? this.#keysOf(node).get(`${part}`) : undefined;
      const item = isSeq(node) ? node.items[part as number] : pair?.key;
      offset = rangeStart(item) ?? offset;
      node = pair ? pair.value : item;
    }
    return offset;
  }

  #keysOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#keys.get(map);
    if (known) return known;
    const keys = new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])));
    this.#keys.set(map, keys);
    return keys;
  }
}

function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** An issue for each key that stands a second time in its map. (The library's own check takes quadratic time.) */
function repeatedKeys(document: Document, place: (offset: number) => NonNullable<Issue['at']>): Issue[] {
  const issues: Issue[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const message = `"${name}" is written twice: keep one`;
        if (seen.has(name)) issues.push({ path: '', message, at: place(rangeStart(key) ?? 0) });
        seen.add(name);
      }
    },
  });
  return issues;
}
