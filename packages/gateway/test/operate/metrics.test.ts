import { describe, expect, it } from '@jest/globals';
import { addMetrics, createMetrics, formatMetrics, grownOnly } from '../../src/operate/metrics.ts';
import { startAdmin } from './admin-stage.ts';

/** A line of the text format: https://prometheus.io/docs/instrumenting/exposition_formats */
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[\d.e+-]+|NaN|Nan|[+-]Inf)$/;

/** Reads metrics back, strictly: each sample stands below its own HELP and TYPE, and no two are the same. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  let family = '';
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, help] = /^# HELP (\S+) \S.*$/.exec(line) ?? [];
    if (help) family = help;
    const [, typed] = /^# TYPE (\S+) (?:counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (typed) expect(typed).toBe(family);
    if (help || typed) continue;
    const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [line];
    expect([line, name.replace(/_(?:bucket|sum|count)$/, '') === family || name === family]).toEqual([line, true]);
    const key = `${name}{${labels}}`;
    expect([key, samples.has(key)]).toEqual([key, false]);
    samples.set(key, Number(value));
  }
  return samples;
}

describe('the metrics of a gateway', () => {
  it('are in the format of Prometheus and count what happened', async () => {
    const { getText, send } = await startAdmin();
    await send({ headers: ['x-tester: 1'] });
    await send({});
    await send({});
    await send({ host: 'absent' });
    const { text, type } = await getText('/metrics');
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    const samples = parse(text);
    expect(Object.fromEntries([...samples].filter(([key]) => /_total|_count|_instances|_fresh/.test(key)))).toEqual({
      'graylane_gateway_requests_total{service="shop",lane="gray",served_by="stable",code="200"}': 1,
      'graylane_gateway_requests_total{service="shop",lane="stable",served_by="stable",code="200"}': 2,
      'graylane_gateway_requests_total{service="absent",lane="stable",served_by="none",code="502"}': 1,
      'graylane_gateway_request_duration_seconds_count{service="shop",lane="gray"}': 1,
      'graylane_gateway_request_duration_seconds_count{service="shop",lane="stable"}': 2,
      'graylane_gateway_request_duration_seconds_count{service="absent",lane="stable"}': 1,
      'graylane_gateway_picks_total{service="shop",lane="gray",pick="fallback",because="no-instances"}': 1,
      'graylane_gateway_picks_total{service="shop",lane="stable",pick="hit",because="none"}': 2,
      'graylane_gateway_picks_total{service="absent",lane="stable",pick="unknown",because="none"}': 1,
      'graylane_gateway_refusals_total{code="GL_SERVICE_UNKNOWN"}': 1,
      'graylane_instances{service="shop",lane="stable",state="ready"}': 1,
      'graylane_source_fresh{source="registry"}': 1,
      'graylane_source_fresh{source="policy"}': 1,
    });
    expect(samples.get('graylane_gateway_requests_in_flight{}')).toBe(0);
    expect([...samples.keys()]).toContainEqual(
      expect.stringMatching(/^graylane_policy_info\{revision="[0-9a-f]{16}"\}/),
    );
  });

  it('do not grow by what clients make up', async () => {
    const { getText, send } = await startAdmin();
    for (let index = 0; index < 20; index++) await send({ host: `host-${index}` });
    const { text } = await getText('/metrics');
    expect(
      parse(text).get('graylane_gateway_requests_total{service="other",lane="stable",served_by="none",code="502"}'),
    ).toBe(20);
    expect(text).not.toContain('host-');
  });

  it('measure the process when they are asked to', async () => {
    const text = await formatMetrics(await createMetrics({ process: true }).values());
    expect([...parse(text).keys()]).toContainEqual(expect.stringContaining('process_start_time_seconds'));
  });

  it('of several processes become one: what grew is added, and stays when a process is gone', async () => {
    const first = await startAdmin();
    const second = await startAdmin();
    await first.send({});
    await second.send({});
    await second.send({});
    const [one, two] = await Promise.all([first, second].map(async ({ metrics }) => metrics.values()));
    const key = 'graylane_gateway_requests_total{service="shop",lane="stable",served_by="stable",code="200"}';
    const all = [one, two].flatMap((values) => (values ? [values] : []));
    expect(parse(await formatMetrics(await addMetrics(all))).get(key)).toBe(3);
    const left = await addMetrics(all.slice(1).map(grownOnly));
    const samples = parse(await formatMetrics(await addMetrics([...all.slice(0, 1), left])));
    expect(samples.get(key)).toBe(3);
    expect(samples.get('graylane_instances{service="shop",lane="stable",state="ready"}')).toBe(1);
  });
});
