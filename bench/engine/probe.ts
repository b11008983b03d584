/** One contender's answer to one question, ready to be measured. */
export interface Probe<Input = unknown> {
  /** `awaited`: `run` returns a promise, and the next call is made when it is kept. */
  readonly kind: 'called' | 'awaited';
  /** Fresh inputs: no string among them was seen before, because no request's string was. */
  readonly inputs: (count: number) => Input[];
  /** What is measured. */
  readonly run: (input: Input) => unknown;
  /** Whether an answer is right; every probe is asked before it is measured. */
  readonly isRight: (answer: unknown, input: Input) => boolean;
}

/** A question, put to several contenders. */
export interface Question {
  /** `decide, 10 rules`. */
  readonly name: string;
  /** Contenders by name, the first of which is ours. Made only in the process that measures them. */
  readonly contenders: Readonly<Record<string, () => Probe | Promise<Probe>>>;
}

/** A probe whose answer is there when `run` returns. */
export function probe<Input>(made: Omit<Probe<Input>, 'kind'>): Probe {
  return { kind: 'called', ...made } as Probe;
}

/** A probe whose answer must be awaited. */
export function awaitedProbe<Input>(made: Omit<Probe<Input>, 'kind'>): Probe {
  return { kind: 'awaited', ...made } as Probe;
}

/** A copy of a text that shares nothing with it: not interned, its hash not known, as a parser hands strings out. */
export function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** `count` items, made one by one. */
export function times<Item>(count: number, make: (at: number) => Item): Item[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
