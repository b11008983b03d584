import { styleText } from 'node:util';
import {
  compilePolicy,
  type Finding,
  formatIssue,
  type Issue,
  isGraylaneError,
  lintPolicy,
  type Policy,
} from '@graylane/core';
import type { Command } from 'commander';
import { countFindings, findingForm, formatFindings, type PlacedFinding, placed } from '../finding-text.ts';
import { placesIn, readWrittenPolicy } from '../policy-file.ts';
import { count } from '../words.ts';
import { addPolicyDiff } from './policy-diff.ts';
import { addPolicyTest } from './policy-test.ts';

interface Options {
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function addPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .summary('check, compare and test policy files')
    .description('Works on policy files.')
    .helpCommand(false);
  policy
    .command('check')
    .summary('find every mistake, and what is most likely one')
    .description(
      'Checks policy files as a gateway would, and prints every mistake with its line and column. Of a policy without ' +
        'mistakes it says what is allowed and hardly meant: rules that no request gets to, conditions that nothing ' +
        'fulfils, names that nothing uses; each with a request that shows it.',
    )
    .argument('<file...>', 'YAML or JSON; - for the standard input')
    .option('--strict', 'end with status 1 for warnings too')
    .option('--json', 'print a list of { file, revision, rules, lanes, findings } or { file, issues }')
    .addHelpText('after', '\nExample:\n  graylane policy check policies/*.yaml')
    .action(check);
  addPolicyDiff(policy);
  addPolicyTest(policy);
}

async function check(files: readonly string[], { strict = false, json = false }: Options): Promise<void> {
  const now = Date.now();
  const results = await Promise.all(files.map((file) => checkFile(file, now)));
  const bad = results.filter((result) => 'issues' in result).length;
  const warned = results.filter((result) => 'findings' in result && result.findings.some(isWarning)).length;
  const forms = results.map((result) => resultForm(result, now));
  console.log(json ? JSON.stringify(forms, null, 2) : formatResults(results, bad, strict ? warned : 0, now));
  if (bad > 0 || (strict && warned > 0)) process.exitCode = 1;
}

type Result =
  | {
      readonly file: string;
      readonly revision: string;
      readonly policy: Policy;
      readonly findings: readonly PlacedFinding[];
    }
  | { readonly file: string; readonly issues: readonly Issue[] };

async function checkFile(file: string, now: number): Promise<Result> {
  try {
    const { policy, text } = await readWrittenPolicy(file);
    const findings = placed(lintPolicy(policy, { now }), placesIn(text));
    const compiled = 'index' in policy ? policy : compilePolicy(policy);
    return { file, revision: compiled.revision, policy: compiled.policy, findings };
  } catch (error) {
    const { message } = error as Error;
    const issues = isGraylaneError(error, 'GL_POLICY_INVALID') ? error.issues : [];
    return { file, issues: issues.length > 0 ? issues : [{ path: '', message }] };
  }
}

function isWarning({ severity }: Finding): boolean {
  return severity === 'warning';
}

function resultForm(result: Result, now: number): object {
  if ('issues' in result) return result;
  const { file, revision, policy, findings } = result;
  return { file, revision, ...sizeOf(policy), findings: findings.map((finding) => findingForm(finding, now)) };
}

function sizeOf({ rules, lanes }: Policy): { readonly rules: number; readonly lanes: number } {
  return { rules: rules.length, lanes: Object.keys(lanes).length };
}

function formatResult(result: Result, now: number): string {
  if ('issues' in result) {
    const lines = result.issues.map((issue) => `  ${formatIssue(issue)}`);
    return [`${result.file}: ${styleText('red', count(lines.length, 'mistake'))}`, ...lines].join('\n');
  }
  const { file, revision, policy, findings } = result;
  const { rules, lanes } = sizeOf(policy);
  const head = `${file}: ${styleText('green', 'good')}, ${count(rules, 'rule')}, ${count(lanes, 'lane')}, revision ${revision}`;
  return findings.length === 0 ? head : `${head}; ${countFindings(findings)}\n${formatFindings(findings, policy, now)}`;
}

/** Each file's result, and for several files how many are not good. */
function formatResults(results: readonly Result[], bad: number, warned: number, now: number): string {
  const files = results.length;
  const counts = [
    bad > 0 && `${bad} of ${files} files have mistakes.`,
    warned > 0 && `${warned} of ${files} files have warnings.`,
  ].filter((part) => part !== false);
  const lines = results.map((result) => formatResult(result, now));
  return [...lines, ...(files > 1 && counts.length > 0 ? [counts.join(' ')] : [])].join('\n');
}
