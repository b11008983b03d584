import { dirname, isAbsolute, join } from 'node:path';
import { GraylaneError, parseExpectations, runExpectations } from '@graylane/core';
import { type Command, Option } from 'commander';
import { readTextFile } from '../policy-file.ts';
import { readPolicy } from '../read-once.ts';
import { formatReport, REPORTERS, type Reporter } from '../reporters.ts';

interface Options {
  readonly policy?: string;
  readonly reporter: Reporter;
  readonly json?: boolean;
}

export function addPolicyTest(policy: Command): void {
  policy
    .command('test')
    .summary('run what a policy is expected to decide')
    .description('Decides the requests of a file of expectations, and says which get another lane than expected.')
    .argument('<expectations>', 'YAML or JSON: cases, each with name, request, lane and perhaps rule')
    .option('-p, --policy <file>', 'the policy, instead of the one that the file names')
    .addOption(new Option('--reporter <format>', 'how to print results').choices(REPORTERS).default('text'))
    .option('--json', 'print { policy, revision, results }')
    .addHelpText(
      'after',
      `
A file of expectations, with requests as in spec/requests.md:
  policy: policy.yaml
  cases:
    - name: testers get gray
      request: { headers: { x-tester: "1" } }
      lane: gray
      rule: testers

Example:
  graylane policy test expectations.yaml --reporter junit > results.xml`,
    )
    .action(run);
}

async function run(file: string, { policy, reporter, json }: Options): Promise<void> {
  const expectations = parseExpectations(await readTextFile(file), Date.now());
  const path = policy ?? beside(file, expectations.policy);
  if (path === undefined)
    throw new GraylaneError(
      'GL_CONFIG_INVALID',
      `${file} names no policy: write policy: policy.yaml into it, or give --policy`,
    );
  const compiled = await readPolicy(path);
  const results = runExpectations(compiled, expectations);
  const { revision } = compiled;
  console.log(
    json
      ? JSON.stringify({ policy: path, revision, results }, null, 2)
      : formatReport(reporter, { name: file, policy: path, revision, results }),
  );
  if (results.some(({ passed }) => !passed)) process.exitCode = 1;
}

/** A file that another one names, meant from where that one is. */
function beside(file: string, named: string | undefined): string | undefined {
  return named === undefined || isAbsolute(named) ? named : join(dirname(file), named);
}
