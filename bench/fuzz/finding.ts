import { isGraylaneError } from '@graylane/core';
import type { Growing } from './growth.ts';
import type { Target } from './target.ts';

/** Something that must not be. */
export interface Finding {
  readonly target: string;
  /** What is wrong. */
  readonly message: string;
  /** An input that shows it, as short as it could be made; one that grows where cost is what is wrong. */
  readonly input: string | Growing;
}

/** What is wrong with how a target takes an input; undefined when nothing is. */
export function wrongWith({ exercise, verify }: Target, input: string): string | undefined {
  try {
    exercise(input);
  } catch (error) {
    if (!isGraylaneError(error)) return `throws ${textOf(error)}`;
  }
  try {
    verify?.(input);
  } catch (error) {
    return `answers wrongly: ${textOf(error)}`;
  }
  return undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The input with all parts taken out that the mistake does not need. */
export function shorten(target: Target, input: string): string {
  let short = input;
  for (let size = short.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < short.length; ) {
      const shorter = short.slice(0, at) + short.slice(at + size);
      if (wrongWith(target, shorter) !== undefined) short = shorter;
      else at += size;
    }
  }
  return short;
}

/** A finding as text, with all that is needed to see it again. */
export function formatFinding({ target, message, input }: Finding, seed: number): string {
  return [
    `${target} ${message}`,
    '',
    `Seed ${seed}. Put this line into a file and run "npm run fuzz -- --only ${target} --input FILE":`,
    JSON.stringify(input),
  ].join('\n');
}
