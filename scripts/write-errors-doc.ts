// Writes docs/reference/errors.md, or the file that is named, from the table of error codes in core.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERRORS, type ErrorRow } from '../packages/core/src/errors.ts';

const path = process.argv[2] ?? fileURLToPath(new URL('../docs/reference/errors.md', import.meta.url));

const head = `# Errors

<!-- Written by scripts/write-errors-doc.ts from packages/core/src/errors.ts; change it there. -->

Every error that Graylane throws by itself is a \`GraylaneError\` with one of these codes in \`code\`. Codes that end in
\`_INVALID\` come with every mistake in \`issues\`, each with its path, its line and column where there is a text, and what
to do. Ask \`isGraylaneError(error, 'GL_NO_INSTANCE')\`, not \`instanceof\`: a program may hold two copies of a package.

An answer of the gateway's own is JSON, \`{ "error": { "code", "message", "remedy" } }\`, with the status that stands here.
The command prints the code, what happened and what to do, and ends with status 1, or 2 for \`GL_CONFIG_INVALID\`.
`;

/** A code as a section of the page. */
function section(code: string, { summary, remedy, status }: ErrorRow): string {
  const answered = status === undefined ? '' : `\nHTTP status: ${status}\n`;
  return `## ${code}\n\n${summary}\n\nWhat to do: ${remedy}\n${answered}`;
}

const sections = Object.entries(ERRORS)
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, row]) => section(code, row));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, [head, ...sections].join('\n'));
