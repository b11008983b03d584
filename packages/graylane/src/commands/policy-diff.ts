import { diffPolicies, lintPolicy, parseRequestLines, type RequestLine } from '@graylane/core';
import type { Command } from 'commander';
import { requestOfLog } from '../access-log.ts';
import { diffForm, formatDiff } from '../diff-text.ts';
import { readTextFile } from '../policy-file.ts';
import { readPolicy } from '../read-once.ts';

interface Options {
  readonly requests?: string;
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

export function addPolicyDiff(policy: Command): void {
  policy
    .command('diff')
    .summary('say what a change does to users')
    .description(
      'Compares two policies: what is different, and which share of the users of each rule changes lane. With a sample of ' +
        'requests, also which of these do, and why.',
    )
    .argument('<before>', 'the policy that is in force')
    .argument('<after>', 'the policy that is to replace it')
    .option('--requests <file>', 'requests as lines of JSON (spec/requests.md)')
    .option('--exit-code', 'end with status 1 when the policies differ')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  graylane policy diff policy.yaml next.yaml --requests yesterday.jsonl')
    .action(run);
}

async function run(before: string, after: string, { requests, json, exitCode }: Options): Promise<void> {
  const now = Date.now();
  const [old, next] = await Promise.all([readPolicy(before), readPolicy(after)]);
  const lines = requests === undefined ? [] : await readRequests(requests, now);
  const diff = diffPolicies(
    old,
    next,
    lines.map(({ request }) => request),
  );
  const findings = lintPolicy(next, { now, before: old }).filter(
    ({ code }) => code === 'users-move' || code === 'lane-removed',
  );
  if (json) console.log(JSON.stringify(diffForm(diff, findings, lines), null, 2));
  else console.log(formatDiff(diff, findings, { before, after, old, next, lines, requests }));
  if (exitCode && !diff.same) process.exitCode = 1;
}

async function readRequests(path: string, now: number): Promise<readonly RequestLine[]> {
  return parseRequestLines(await readTextFile(path), now, requestOfLog);
}
