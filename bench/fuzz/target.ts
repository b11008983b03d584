/** A part of the engine that reads what comes from outside, made ready to be fuzzed. An input is always one text. */
export interface Target {
  readonly name: string;
  /** What its inputs are, in a line. */
  readonly summary: string;
  /** Inputs to begin with. */
  readonly seeds: readonly string[];
  /** What means something in its inputs. */
  readonly words: readonly string[];
  /** Up to how many characters cost must grow in proportion. */
  readonly limit: number;
  /** Runs the engine alone. What it throws is a finding, unless it is a `GraylaneError`. */
  exercise(input: string): unknown;
  /** Throws when the engine's answers are not what they should be. Free to take its time: it is never measured. */
  verify?(input: string): void;
}

/** The words of a text with spaces between them. */
export function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}
