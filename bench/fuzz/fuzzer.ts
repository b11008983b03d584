import type { Coverage } from './coverage.ts';
import { type Finding, shorten, wrongWith } from './finding.ts';
import { type Growing, growing, slowdownOf } from './growth.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

/** How many inputs run between two looks at the coverage, of which one costs as much as many runs. */
const BATCH = 64;

/** Every so many batches each input is looked at by itself, to see how often its blocks run. */
const ALONE = 16;

/** The share of the time that goes into checking how costs grow. */
const GROWTH_SHARE = 0.25;

/**
 * Fuzzes one target, guided by coverage as AFL is (https://lcamtuf.coredump.cx/afl/technical_details.txt): an input that
 * reaches a block that no other reached, or runs one much more often, becomes one that others are made from.
 */
export class Fuzzer {
  readonly target: Target;
  readonly #coverage: Coverage;
  readonly #random: Random;
  /** Seeds that have not run yet. */
  readonly #unread: string[];
  readonly #corpus: string[] = [];
  readonly #blocks = new Set<string>();
  readonly #features = new Set<string>();
  #executions = 0;
  #growths = 0;
  #batches = 0;
  #spent = 0;
  #spentOnGrowth = 0;

  constructor(target: Target, coverage: Coverage, random: Random) {
    this.target = target;
    this.#unread = random.shuffled([...new Set(target.seeds)]);
    this.#coverage = coverage;
    this.#random = random;
  }

  /** What was done, in a line. */
  get progress(): string {
    const numbers = [
      `${this.#executions} executions`,
      `${this.#growths} grown`,
      `corpus ${this.#corpus.length}`,
      `${this.#blocks.size} blocks`,
      `${this.#features.size} features`,
    ];
    return `${this.target.name.padEnd(11)}${numbers.join(', ')}`;
  }

  /** Runs a few inputs, those to begin with first, or grows one. */
  step(): Finding | undefined {
    if (this.#corpus.length > 0 && this.#spentOnGrowth < this.#spent * GROWTH_SHARE)
      return this.#timed(() => this.#grow());
    const seeds = this.#unread.splice(0, BATCH);
    return this.#timed(() => (seeds.length > 0 ? this.#search(seeds) : this.#run()));
  }

  #timed(work: () => Finding | undefined): Finding | undefined {
    const before = performance.now();
    const finding = work();
    this.#spent += performance.now() - before;
    return finding;
  }

  #run(): Finding | undefined {
    const inputs = Array.from({ length: BATCH }, () => this.#mutated());
    return this.#batches++ % ALONE === 0 ? this.#runAlone(inputs) : this.#search(inputs);
  }

  /** Runs inputs between two looks, and halves them as long as there are new blocks to be seen. */
  #search(inputs: readonly string[]): Finding | undefined {
    if (inputs.length === 1) return this.#runAlone(inputs);
    this.#coverage.take();
    for (const input of inputs) {
      const finding = this.#execute(input);
      if (finding) return finding;
    }
    const { blocks } = this.#coverage.take();
    if (blocks.every((block) => this.#blocks.has(block))) return undefined;
    const middle = inputs.length >> 1;
    return this.#search(inputs.slice(0, middle)) ?? this.#search(inputs.slice(middle));
  }

  /** Runs each input by itself and keeps those that show something new. */
  #runAlone(inputs: readonly string[]): Finding | undefined {
    for (const input of inputs) {
      this.#coverage.take();
      const finding = this.#execute(input);
      if (finding) return finding;
      const { blocks, features } = this.#coverage.take();
      if (features.every((feature) => this.#features.has(feature))) continue;
      this.#corpus.push(input);
      for (const block of blocks) this.#blocks.add(block);
      for (const feature of features) this.#features.add(feature);
    }
    return undefined;
  }

  #execute(input: string): Finding | undefined {
    this.#executions++;
    if (wrongWith(this.target, input) === undefined) return undefined;
    const short = shorten(this.target, input);
    return {
      target: this.target.name,
      message: wrongWith(this.target, short) ?? 'answers now so, now so',
      input: short,
    };
  }

  #grow(): Finding | undefined {
    const before = performance.now();
    this.#growths++;
    const input = growing(this.#random.below(2) === 0 ? this.#parent() : this.#mutated(), this.#random);
    const message = input.part === '' ? undefined : this.#slowdown(input);
    this.#spentOnGrowth += performance.now() - before;
    return message === undefined ? undefined : { target: this.target.name, message, input };
  }

  #slowdown(input: Growing): string | undefined {
    try {
      return slowdownOf(this.target, input, this.#coverage);
    } catch (error) {
      return `throws ${(error as Error).stack}`;
    }
  }

  #mutated(): string {
    const { words, seeds } = this.target;
    const others = this.#random.below(2) === 0 ? seeds : this.#corpus;
    return mutate(this.#parent(), { random: this.#random, words, others });
  }

  /** An input to make others from; those that were found last more often than others, and seeds that showed nothing new. */
  #parent(): string {
    if (this.#random.below(8) === 0) return this.#random.oneOf(this.target.seeds);
    const { length } = this.#corpus;
    const recent = Math.min(length, 16);
    const at = this.#random.below(3) === 0 ? length - 1 - this.#random.below(recent) : this.#random.below(length);
    return this.#corpus[at] as string;
  }
}
