import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ERRORS, type ErrorRow } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(resolve(root, 'docs/reference/errors.md'), 'utf8');
const [, ...sections] = page.split(/^## /m).map((section) => section.trim());
const codes = Object.keys(ERRORS);

describe('the page of errors', () => {
  it('has exactly one heading a code, in alphabetical order', () => {
    expect(sections.map((section) => section.split('\n')[0])).toEqual(codes.toSorted());
  });

  it.each(Object.entries<ErrorRow>(ERRORS))(
    'says of %s what happened, what to do, and with which status',
    (code, row) => {
      const lines = [code, row.summary, `What to do: ${row.remedy}`];
      if (row.status !== undefined) lines.push(`HTTP status: ${row.status}`);
      expect(sections.find((section) => section.startsWith(`${code}\n`))?.split('\n\n')).toEqual(lines);
    },
  );
});

describe('the pages of reference', () => {
  it.each(['errors.md', 'findings.md'])('%s is as the script writes it', (name) => {
    const directory = mkdtempSync(join(tmpdir(), 'graylane-reference-'));
    try {
      execFileSync(process.execPath, [resolve(root, 'scripts/write-reference.ts'), directory]);
      const kept = readFileSync(resolve(root, 'docs/reference', name), 'utf8');
      expect(kept).toBe(readFileSync(join(directory, name), 'utf8'));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
