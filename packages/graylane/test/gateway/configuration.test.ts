import { describe, expect, it } from '@jest/globals';
import { changesBetween, parseConfiguration, takeLive } from '../../src/gateway/configuration.ts';
import { describeChanges } from '../../src/gateway/describe-changes.ts';

const read = (text: string) => parseConfiguration('g.yaml', `registry: a.yaml\npolicy: b.yaml\n${text}`);
const changes = (before: string, after: string) => changesBetween(read(before).config, read(after).config);

describe('a new configuration', () => {
  it.each([
    ['routes: [{ service: a }]'],
    ['trust: { proxies: [10.0.0.0/8] }'],
    ['timeouts: { answerMs: 5 }'],
    ['log: { sample: 0 }'],
    ['passes: { keys: [{ file: pass.key }] }'],
  ])('is applied live where it can be: %s', (text) => {
    const name = text.split(':', 1)[0];
    expect(changes('', text)).toEqual({ live: [name], restart: [] });
    expect(changes(text, '')).toEqual({ live: [name], restart: [] });
    expect(changes(text, `${text} # said otherwise`)).toEqual({ live: [], restart: [] });
  });

  it.each(['listen: 1', 'admin: 1', 'stateDirectory: x', 'workers: 2', 'picks: { settleMs: 1 }', 'instanceCA: ca.pem'])(
    'waits for a restart where it cannot: %s',
    (text) => {
      expect(changes('', text)).toEqual({ live: [], restart: [text.split(':', 1)[0]] });
    },
  );

  it('of listeners waits for a restart', () => {
    const before = 'listen: 1\n';
    expect(changes(before, `${before}listeners: [{ address: 2 }]`)).toEqual({ live: [], restart: ['listeners'] });
  });

  it('of whose limits only the one for bodies is applied live', () => {
    expect(changes('', 'limits: { bodyBytes: 5, headerBytes: 9000 }')).toEqual({
      live: ['limits.bodyBytes'],
      restart: ['limits.headerBytes'],
    });
  });

  it('leaves in force what waits', () => {
    const before = read('routes: [{ service: a }]\nlisten: 1').config;
    const after = read('listen: 2\nlimits: { bodyBytes: 5, headerBytes: 9000 }').config;
    const inForce = takeLive(before, after);
    expect(inForce).toEqual({ ...before, routes: undefined, limits: { ...before.limits, bodyBytes: 5 } });
    expect(changesBetween(inForce, after)).toEqual({ live: [], restart: ['listen', 'limits.headerBytes'] });
  });

  it('is described', () => {
    const { path, text } = read('');
    const configuration = parseConfiguration(path, text);
    expect(configuration.revision).toMatch(/^[0-9a-f]{16}$/);
    const say = (live: string[], restart: string[]) => describeChanges(configuration, { live, restart });
    const head = `g.yaml, configuration ${configuration.revision}: `;
    expect(say([], [])).toBe(`${head}nothing to apply`);
    expect(say(['routes', 'log'], [])).toBe(`${head}applied: routes, log`);
    expect(say([], ['listen'])).toBe(`${head}nothing to apply; needs a restart: listen`);
  });
});
