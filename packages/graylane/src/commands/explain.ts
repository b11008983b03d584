import {
  type CompiledPolicy,
  explain,
  explainPicks,
  GraylaneError,
  parseRequest,
  parseRequestLines,
  type RequestFacts,
} from '@graylane/core';
import type { Command } from 'commander';
import { requestOfLog } from '../access-log.ts';
import { fullURL, type NamedRequest, requestOfCurl, splitHeader } from '../curl.ts';
import { formatExplanation } from '../explain-text.ts';
import { readTextFile } from '../policy-file.ts';
import { readPolicy, readRegistry } from '../read-once.ts';

interface Options {
  readonly policy: string;
  readonly header?: readonly string[];
  readonly cookie?: readonly string[];
  readonly ip?: string;
  readonly method?: string;
  readonly url?: string;
  readonly token?: string;
  readonly geo?: readonly string[];
  readonly time?: string;
  readonly instances?: string;
  readonly requests?: string;
  readonly json?: boolean;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export function addExplain(program: Command): void {
  program
    .command('explain')
    .summary('why a request has its lane')
    .description(
      'Says which lane a request gets by a policy, and why: every rule and condition, what it looked at, the bucket of a ' +
        'split and where its boundary lies; with --instances, which instances each service would answer with.',
    )
    .argument('[curl...]', 'a curl command behind --, as copied from a terminal')
    .requiredOption('-p, --policy <file>', 'the policy, in force or proposed')
    .option('-H, --header <"name: value">', 'a header; may be repeated', collect)
    .option('-b, --cookie <"name=value">', 'a cookie; may be repeated', collect)
    .option('--url <url>', 'host, path and query')
    .option('--method <method>', 'default: GET')
    .option('--ip <address>', "the client's address")
    .option('--token <json>', 'claims of a verified token, as {"sub":"u1"}')
    .option('--geo <"name=value">', 'country, region or city; may be repeated', collect)
    .option('--time <time>', 'RFC 3339; default: now')
    .option('-i, --instances <url>', 'a registry (http://…) or a file of instances: shows the pick at each service')
    .option(
      '--requests <file>',
      "explain each line of a file (spec/requests.md) or of a gateway's log, a line of JSON each",
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  graylane explain --policy policy.yaml -H "x-user-id: u7" --ip 203.0.113.9\n  graylane explain --policy policy.yaml -- curl -H "x-tester: 1" http://shop/cart',
    )
    .action(run);
}

async function run(curl: readonly string[], options: Options): Promise<void> {
  const compiled = await readPolicy(options.policy);
  if (options.requests !== undefined) return explainLines(compiled, options.requests);
  const explanation = explain(compiled, requestOf(curl, options));
  const known =
    options.instances === undefined ? [] : [...(await readRegistry(options.instances)).services.values()].flat();
  const hops = explainPicks(known, compiled.routing, explanation.decision.lane);
  if (options.json) console.log(JSON.stringify({ ...explanation, ...(options.instances && { hops }) }, null, 2));
  else console.log(formatExplanation(explanation, hops));
}

/** A line of JSON for each request of a file: the lane, what led to it, and whether it is the lane that it had. */
async function explainLines(compiled: CompiledPolicy, path: string): Promise<void> {
  for (const { id, request, lane } of parseRequestLines(await readTextFile(path), Date.now(), requestOfLog)) {
    const { decision } = explain(compiled, request);
    const changed = lane !== undefined && lane !== decision.lane;
    console.log(JSON.stringify({ id, ...decision, ...(lane !== undefined && { had: lane, changed }) }));
  }
}

function requestOf(curl: readonly string[], options: Options): RequestFacts {
  const named: Partial<NamedRequest> = curl.length > 0 ? requestOfCurl(curl) : {};
  const { method = named.method, ip, time } = options;
  const url = options.url === undefined ? named.url : fullURL(options.url);
  const fields = {
    ...(method !== undefined && { method }),
    ...(url !== undefined && { url }),
    ...(ip !== undefined && { ip }),
    ...(options.token !== undefined && { token: claimsOf(options.token) }),
    ...(time !== undefined && { time }),
    geo: Object.fromEntries((options.geo ?? []).map((pair) => pair.split('=', 2))),
    headers: [
      ...(named.headers ?? []),
      ...(options.header ?? []).map(splitHeader),
      ...(options.cookie ?? []).map((cookie) => ['cookie', cookie]),
    ],
  };
  return parseRequest(fields, Date.now());
}

function claimsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GraylaneError('GL_CONFIG_INVALID', '--token takes the claims as a JSON object, as {"sub":"u1"}');
  }
}
