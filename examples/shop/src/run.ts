import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { styleText } from 'node:util';
import type { ExchangeRecord } from '@graylane/gateway';
import { formatTable } from 'graylane';
import type { Scenario } from './scenarios.ts';
import type { Answer, Hop } from './service.ts';
import { SERVICES, type Shop } from './shop.ts';

/** Sends a scenario's request, prints its chain, and says whether it was as expected. */
export async function runScenario(shop: Shop, scenario: Scenario): Promise<boolean> {
  await scenario.before?.(shop);
  const { hops = [] } = await send(shop.dev.gatewayURL, scenario.headers);
  const exchange = shop.exchanges.at(-1) as ExchangeRecord;
  const sent = Object.entries(scenario.headers).map(([name, value]) => `${name}: ${value}`);
  console.log(`\n${styleText('bold', scenario.title)}${sent.length > 0 ? `  (${sent.join(', ')})` : ''}`);
  console.log(formatTable(['hop', 'wanted lane', 'served by', 'pick', 'rule'], rowsOf(exchange, hops)));
  const mistakes = mistakesIn(scenario, exchange, hops);
  for (const mistake of mistakes) console.log(styleText('red', `  not as expected: ${mistake}`));
  return mistakes.length === 0;
}

function rowsOf({ decision, pick, status }: ExchangeRecord, hops: readonly Hop[]): string[][] {
  const rule = decision && 'rule' in decision ? decision.rule : 'none matched';
  const picks = [
    pick && { pick: pick.kind as string, ...('because' in pick && { because: pick.because }) },
    ...hops.map(({ next }) => next),
  ];
  return [
    ['gateway', paint(decision?.lane ?? ''), `status ${status}`, '', rule],
    ...hops.map((hop, index) => {
      const made = picks[index];
      const how = made?.because ? `${made.pick}: ${made.because}` : (made?.pick ?? '');
      return [hop.service, paint(hop.wanted), `${paint(hop.servedBy)} :${hop.port}`, how, ''];
    }),
  ];
}

function mistakesIn(scenario: Scenario, { decision, status }: ExchangeRecord, hops: readonly Hop[]): string[] {
  const mistakes: string[] = [];
  const rule = decision && 'rule' in decision ? decision.rule : undefined;
  if (status !== 200) mistakes.push(`the answer has status ${status}`);
  if (decision?.lane !== scenario.lane) mistakes.push(`the gateway decided ${decision?.lane}, not ${scenario.lane}`);
  if (rule !== scenario.rule) mistakes.push(`the rule was ${rule}, not ${scenario.rule}`);
  const names = hops.map(({ service }) => service).join(' ');
  if (names !== SERVICES.join(' ')) mistakes.push(`the chain was ${names || 'empty'}`);
  for (const { service, wanted, servedBy } of hops) {
    const expected = scenario.gray.includes(service) ? 'gray' : 'stable';
    if (wanted !== scenario.lane) mistakes.push(`${service} was asked for ${wanted}, not ${scenario.lane}`);
    if (servedBy !== expected) mistakes.push(`${service} was served by ${servedBy}, not ${expected}`);
  }
  return mistakes;
}

function paint(lane: string): string {
  return lane === 'stable' ? lane : styleText('cyan', lane);
}

async function send(gateway: string, headers: Readonly<Record<string, string>>): Promise<Partial<Answer>> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(gateway, { headers, agent: false }, resolve).on('error', reject).end();
  });
  return json(response) as Promise<Partial<Answer>>;
}
