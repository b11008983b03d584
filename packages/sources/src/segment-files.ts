import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { formatPath, GraylaneError, type Issue, parsePolicy, type SegmentFiles } from '@graylane/core';

/** What the files hold that a policy names. */
export interface SegmentContents {
  readonly members: SegmentFiles;
  /** Which files these are, so that they can be watched: also those that are missing. */
  readonly paths: readonly string[];
  /** Set when a file cannot be read: the policy must not be used without it. */
  readonly missing: GraylaneError | undefined;
}

const NONE: SegmentContents = { members: new Map(), paths: [], missing: undefined };

/**
 * Reads the files that the segments of a policy name. A relative name is meant from the policy's directory and must not
 * leave it; whoever means a file elsewhere names it absolutely. A policy with mistakes names no files.
 *
 * @param policyPath the absolute path of the policy
 */
export async function readSegmentFiles(text: string, policyPath: string): Promise<SegmentContents> {
  const named = filesOf(text);
  if (named.length === 0) return NONE;
  const directory = dirname(policyPath);
  const members = new Map<string, readonly string[]>();
  const paths: string[] = [];
  const issues: Issue[] = [];
  for (const { segment, file } of named) {
    const path = isAbsolute(file) ? file : join(directory, file);
    const issue = (message: string): unknown =>
      issues.push({ path: formatPath(['segments', segment, 'file']), message });
    if (!isAbsolute(file) && leaves(relative(directory, path))) {
      issue("leaves the policy's directory: move it there, or name it by its absolute path");
      continue;
    }
    paths.push(path);
    const content = await readFile(path, 'utf8').catch((error: Error) => error);
    if (typeof content === 'string') members.set(file, readMembers(content));
    else issue(`cannot be read: ${content.message}`);
  }
  const missing =
    issues.length === 0 ? undefined : new GraylaneError('GL_POLICY_INVALID', 'Segment files are missing:', { issues });
  return { members, paths, missing };
}

/** One member a line. Blanks around it do not count; neither do empty lines and those that begin with `#`. */
export function readMembers(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function filesOf(text: string): { segment: string; file: string }[] {
  try {
    const segments = Object.entries(parsePolicy(text).segments);
    return segments.flatMap(([segment, how]) => ('file' in how ? [{ segment, file: how.file }] : []));
  } catch {
    return []; // whoever takes the policy says what is wrong with it
  }
}

function leaves(path: string): boolean {
  return path === '..' || path.startsWith('../') || path.startsWith('..\\') || isAbsolute(path);
}
