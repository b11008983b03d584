import { parseFact } from './fact-name.ts';
import { type Attributes, type FactReader, factReader } from './facts.ts';
import { suggest, type Value } from './shape.ts';

/**
 * The facts that one policy looks at. Each is read at most once for a request, however many rules name it: what was read
 * is kept until the next {@link FactTable.begin}.
 */
export class FactTable {
  readonly #attributes: Attributes;
  readonly #readers = new Map<string, FactReader>();
  #epoch = 0;

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
  }

  /** Forgets what was read. To be called before each request. */
  begin(): void {
    this.#epoch++;
  }

  /** The reader of the fact that a text names; undefined with what is wrong reported. */
  reader(value: Value): FactReader | undefined {
    const text = value.text();
    if (text === undefined) return undefined;
    const known = this.#readers.get(text);
    if (known) return known;
    const fact = parseFact(text);
    if (typeof fact === 'string') return value.fail(fact);
    if (fact.source === 'attribute' && !this.#attributes.has(fact.name)) return this.#unknown(value, fact.name);
    const reader = this.#once(factReader(fact, this.#attributes));
    this.#readers.set(text, reader);
    return reader;
  }

  #once(read: FactReader): FactReader {
    let epoch = -1;
    let found: ReturnType<FactReader>;
    return (request) => {
      if (epoch === this.#epoch) return found;
      epoch = this.#epoch;
      found = read(request);
      return found;
    };
  }

  #unknown(value: Value, name: string): undefined {
    const near = suggest(name, [...this.#attributes.keys()]);
    const example = `attributes: { ${name}: [header.x-${name}] }`;
    return value.fail(`no attribute is called "${name}"${near}: add it, as ${example}`);
  }
}
