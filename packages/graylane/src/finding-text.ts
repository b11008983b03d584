import { styleText } from 'node:util';
import { type Finding, formatPath, type Path, type Policy, requestForm } from '@graylane/core';
import { formatRequest } from './request-text.ts';
import { count } from './words.ts';

/** A finding with its place in the text of its policy. */
export interface PlacedFinding extends Finding {
  readonly at?: { readonly line: number; readonly column: number };
}

/** Findings with their places, in the order of the text. */
export function placed(findings: readonly Finding[], placeOf: (path: Path) => PlacedFinding['at']): PlacedFinding[] {
  const all = findings.map((finding): PlacedFinding => {
    const at = placeOf(finding.path);
    return at ? { ...finding, at } : finding;
  });
  return all.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));
}

/** Findings for people: what, where, and a request that shows it. */
export function formatFindings(findings: readonly PlacedFinding[], policy: Policy, now: number): string {
  const places = findings.map(({ at }) => (at ? `${at.line}:${at.column}` : ''));
  const width = Math.max(...places.map(({ length }) => length));
  const lines = findings.map((finding, index) => {
    const place = (places[index] as string).padEnd(width);
    const severity = styleText(finding.severity === 'warning' ? 'yellow' : 'cyan', finding.severity.padEnd(7));
    const line = `  ${place}  ${severity}  ${whereText(finding.path, policy)}: ${finding.message}`;
    if (!finding.witness) return line;
    return `${line}\n  ${' '.repeat(width + 11)}such as ${formatRequest(finding.witness, now)}`;
  });
  return lines.join('\n');
}

/** `2 warnings, 1 note`; empty when there is nothing. */
export function countFindings(findings: readonly Finding[]): string {
  const of = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const parts = [of('warning') > 0 && count(of('warning'), 'warning'), of('note') > 0 && count(of('note'), 'note')];
  return parts.filter((part) => part !== false).join(', ');
}

/** A finding as plain data, its path and request as they are written. */
export function findingForm({ code, severity, path, message, at, witness }: PlacedFinding, now: number): object {
  return {
    code,
    severity,
    path: formatPath(path),
    message,
    ...(at && { at }),
    ...(witness && { request: requestForm(witness, now) }),
  };
}

/** A path with the name of the rule in it: `rules[2] "ramp" when.all[0]`. */
function whereText(path: Path, { rules }: Policy): string {
  const [section, index] = path;
  if (section !== 'rules' || typeof index !== 'number' || path.length === 1) return formatPath(path);
  const rest = path.length > 2 ? ` ${formatPath(path.slice(2))}` : '';
  return `${formatPath(path.slice(0, 2))} ${JSON.stringify(rules[index]?.name)}${rest}`;
}
