// Writes docs/reference, or the directory that is named, from the tables in core: the codes of errors and of lint's findings.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERRORS, type ErrorRow } from '../packages/core/src/errors.ts';
import { FINDINGS } from '../packages/core/src/finding.ts';

const directory = process.argv[2] ?? fileURLToPath(new URL('../docs/reference', import.meta.url));

const ERRORS_HEAD = `# Errors

<!-- Written by scripts/write-reference.ts from packages/core/src/errors.ts; change it there. -->

Every error that Graylane throws by itself is a \`GraylaneError\` with one of these codes in \`code\`. Codes that end in
\`_INVALID\` come with every mistake in \`issues\`, each with its path, its line and column where there is a text, and what
to do. Ask \`isGraylaneError(error, 'GL_NO_INSTANCE')\`, not \`instanceof\`: a program may hold two copies of a package.

An answer of the gateway's own is JSON, \`{ "error": { "code", "message", "remedy" } }\`, with the status that stands here.
The command prints the code, what happened and what to do, and ends with status 1, or 2 for \`GL_CONFIG_INVALID\`.
`;

const FINDINGS_HEAD = `# Findings

<!-- Written by scripts/write-reference.ts from packages/core/src/finding.ts; change it there. -->

\`graylane policy check\` says what is allowed in a policy and most likely not meant. Each finding has a code, the place, and
where one can be made a **witness**: a request that shows it, verified by the policy itself. A _warning_ is hardly ever
meant; a _note_ often is, and worth a look.

| code                 | severity | says                                                              |
| -------------------- | -------- | ----------------------------------------------------------------- |
`;

/** A code as a section of the page of errors. */
function section(code: string, { summary, remedy, status }: ErrorRow): string {
  const answered = status === undefined ? '' : `\nHTTP status: ${status}\n`;
  return `## ${code}\n\n${summary}\n\nWhat to do: ${remedy}\n${answered}`;
}

/** A code as a row of the page of findings. */
function row(code: string, { severity, summary }: (typeof FINDINGS)[keyof typeof FINDINGS]): string {
  return `| ${`\`${code}\``.padEnd(20)} | ${severity.padEnd(8)} | ${summary.padEnd(65)} |\n`;
}

/** The entries of a table, by code. */
function sorted<Row>(table: Readonly<Record<string, Row>>): [string, Row][] {
  return Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

const pages = {
  'errors.md': [ERRORS_HEAD, ...sorted<ErrorRow>(ERRORS).map((entry) => section(...entry))].join('\n'),
  'findings.md':
    FINDINGS_HEAD +
    sorted(FINDINGS)
      .map((entry) => row(...entry))
      .join(''),
};
mkdirSync(directory, { recursive: true });
for (const [name, text] of Object.entries(pages)) writeFileSync(join(directory, name), text);
