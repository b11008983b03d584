import { readFileSync } from 'node:fs';
import { type GatewayConfig, parseGatewayConfig } from '@graylane/gateway';
import { describe, expect, it } from '@jest/globals';
import { changesBetween } from '../../src/gateway/configuration.ts';
import { run } from '../run.ts';
import { knownFields } from './known-fields.ts';

const page = readFileSync(new URL('../../../../docs/reference/gateway.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([^`]+)` .*\| (yes|no) +\|$/gm)].map(([, field = '', live = '']) => ({
  field,
  live,
}));
const known = knownFields();
const EDGE: readonly string[] = ['passes', 'pin', 'token', 'geo', 'mirror'];

/** Whether a running gateway takes over a change of this field. */
function isLive(field: string): boolean {
  const config = parseGatewayConfig({ registry: 'a.yaml', policy: 'b.yaml' });
  const [name = '', inner = ''] = field.split(/[.[\]]+/);
  const other = { changed: true };
  const changed = EDGE.includes(name)
    ? { ...config, edge: { ...config.edge, [name]: other } }
    : { ...config, [name]: name === 'limits' && inner ? { ...config.limits, [inner]: other } : other };
  return changesBetween(config, changed as unknown as GatewayConfig).restart.length === 0;
}

describe('the page of the configuration', () => {
  it('has every field that the parser knows, and no other', () => {
    expect(known).toContain('listeners[].tls.certificates[].key');
    expect(known).toContain('token.keys.secret.env');
    expect(rows.map(({ field }) => field).toSorted()).toEqual(known.toSorted());
  });

  it('says of each whether it is applied while the gateway runs', () => {
    expect(rows).toEqual(rows.map(({ field }) => ({ field, live: isLive(field) ? 'yes' : 'no' })));
  });
});

it('the help of the command mentions every field', async () => {
  const { stdout } = await run(['gateway', '--help']);
  const names = new Set(known.map((field) => field.replace(/^.*[.\]]\.?/, '')));
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(stdout))).toEqual([]);
});
