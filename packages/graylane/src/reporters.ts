import { styleText } from 'node:util';
import type { CaseResult } from '@graylane/core';
import { count } from './words.ts';

/** What a run of expectations came to. */
export interface Report {
  /** The file with the expectations. */
  readonly name: string;
  /** The policy's file, and its revision. */
  readonly policy: string;
  readonly revision: string;
  readonly results: readonly CaseResult[];
}

/** The ways to print a report. */
export const REPORTERS = ['text', 'tap', 'junit'] as const;

/** A way to print a report. */
export type Reporter = (typeof REPORTERS)[number];

/** A report as text for people, as TAP 14, or as JUnit's XML. */
export function formatReport(reporter: Reporter, report: Report): string {
  switch (reporter) {
    case 'text':
      return textReport(report);
    case 'tap':
      return tapReport(report);
    case 'junit':
      return junitReport(report);
  }
}

function textReport({ policy, revision, results }: Report): string {
  const lines = results.map(({ name, passed, message }) =>
    passed ? `${styleText('green', '✓')} ${name}` : `${styleText('red', '✗')} ${name}\n    ${message}`,
  );
  const failed = results.filter(({ passed }) => !passed).length;
  const all = count(results.length, 'expectation');
  const end = failed === 0 ? `${all} met` : `${failed} of ${all} not met`;
  return [...lines, '', `${end} by ${policy}, revision ${revision}.`].join('\n');
}

/** https://testanything.org/tap-version-14-specification.html */
function tapReport({ results }: Report): string {
  const lines = results.flatMap(({ name, passed, message }, index) => {
    const line = `${passed ? 'ok' : 'not ok'} ${index + 1} - ${name.replace(/[\\#]/g, '\\$&').replace(/\s+/g, ' ')}`;
    return passed ? [line] : [line, '  ---', `  message: ${JSON.stringify(message)}`, '  ...'];
  });
  return ['TAP version 14', `1..${results.length}`, ...lines].join('\n');
}

/** The XML that JUnit's Ant task began with and that CI servers read. */
function junitReport({ name, results }: Report): string {
  const failures = results.filter(({ passed }) => !passed).length;
  const cases = results.map((result) => {
    const open = `    <testcase classname="${escapeXml(name)}" name="${escapeXml(result.name)}"`;
    if (result.passed) return `${open}/>`;
    return `${open}>\n      <failure message="${escapeXml(result.message ?? '')}"/>\n    </testcase>`;
  });
  const counts = `tests="${results.length}" failures="${failures}" errors="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escapeXml(name)}" ${counts} skipped="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

/** Text within an attribute; what XML 1.0 cannot have at all becomes U+FFFD. */
function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, (character) => entities[character] as string)
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
