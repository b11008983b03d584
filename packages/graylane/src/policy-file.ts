import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type CompiledPolicy, openDocument, type Path, type Policy, parsePolicy } from '@graylane/core';
import { unreadable } from './failure.ts';
import { readPolicy } from './read-once.ts';

/** A policy and the text that it was written as. */
export interface WrittenPolicy {
  /** Compiled where its segment files are known, which they are not for a policy from the standard input. */
  readonly policy: CompiledPolicy | Policy;
  readonly text: string;
}

/** As {@link readPolicy}, with the text; `-` is the standard input. */
export async function readWrittenPolicy(path: string): Promise<WrittenPolicy> {
  if (path === '-') {
    const written = await text(process.stdin);
    return { policy: parsePolicy(written), text: written };
  }
  const policy = await readPolicy(path);
  return { policy, text: await readTextFile(path) };
}

/**
 * The text of a file that the command line names.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when it cannot be read
 */
export async function readTextFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw unreadable(path, cause);
  });
}

/** Where a path stands in a text, with line and column from 1; of what is not there, where it would be. */
export function placesIn(
  written: string,
): (path: Path) => { readonly line: number; readonly column: number } | undefined {
  const document = openDocument(written);
  return (path) => {
    if (!document.root) return undefined;
    path.reduce((value, key) => value.at(key), document.root).fail('');
    return document.issues.at(-1)?.at;
  };
}
