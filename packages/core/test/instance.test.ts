import { describe, expect, it } from '@jest/globals';
import { formatIssue, isGraylaneError } from '../src/errors.ts';
import { authorityOf, laneLabel, parseInstances } from '../src/instance.ts';

const refusal = (input: unknown, options?: { service?: string }): string[] => {
  try {
    parseInstances(input, options);
  } catch (error) {
    if (isGraylaneError(error, 'GL_INSTANCES_INVALID')) return error.issues.map(formatIssue);
    throw error;
  }
  throw new Error('the instances were accepted');
};

describe('instances', () => {
  it('need a service, a host and a port, and the rest has defaults', () => {
    expect(parseInstances([{ service: 'orders', host: '10.0.0.1', port: 80 }])).toEqual([
      {
        id: '10.0.0.1:80',
        service: 'orders',
        host: '10.0.0.1',
        port: 80,
        lane: 'stable',
        weight: 1,
        zone: '',
        state: 'ready',
        metadata: {},
      },
    ]);
  });

  it('keep all that is said of them', () => {
    const full = {
      id: 'i1',
      service: 'orders',
      host: '::1',
      port: 65_535,
      lane: 'gray',
      weight: 0,
      zone: 'a',
      state: 'draining',
      metadata: { k: '' },
    } as const;
    expect(parseInstances([full])).toEqual([full]);
  });

  it('may be of a service that is known already', () => {
    expect(parseInstances([{ host: 'a', port: 1 }], { service: 'orders' })[0]?.service).toBe('orders');
  });

  it('are frozen', () => {
    for (const metadata of [undefined, { a: '1' }]) {
      const [instance] = parseInstances([{ service: 's', host: 'a', port: 1, metadata }]);
      expect(Object.isFrozen(instance) && Object.isFrozen(instance?.metadata)).toBe(true);
    }
  });

  it('take their lane from their metadata unless it is said', () => {
    const lane = (instance: object): string | undefined =>
      parseInstances([{ service: 's', host: 'a', port: 1, ...instance }])[0]?.lane;
    expect(lane({ metadata: { lane: 'gray' } })).toBe('gray');
    expect(lane({ lane: 'blue', metadata: { lane: 'gray' } })).toBe('blue');
    expect(lane({ metadata: { lane: '' } })).toBe('stable');
  });

  it('with mistakes are all refused at once', () => {
    expect(
      refusal([
        { service: 'orders', host: 'a', port: 1 },
        { host: '', port: '80', weight: -1, state: 'up', lane: '', metadata: { a: 1 }, zone: null, prot: 1 },
        null,
        { service: 'orders', id: 'a:1', host: 'b', port: 70_000 },
        { service: 'orders', host: 'a', port: 1, weight: 2 },
        { service: 'stock', host: 'a', port: 1 },
      ]),
    ).toEqual([
      '[1].prot: unknown field (did you mean "port"?); known here: id, service, host, port, lane, weight, zone, state, metadata',
      '[1].service: must be a text, not missing',
      '[1].host: must not be empty',
      '[1].port: must be a whole number, not "80"',
      '[1].weight: must be at least 0, not -1',
      '[1].state: must be one of ready, draining, down, not "up"',
      '[1].metadata.a: must be a text, not 1 (put it in quotes: "1")',
      '[1].lane: must not be empty',
      '[1].zone: must be a text, not empty',
      '[2]: must be an object, not empty',
      '[3].port: must be at most 65535, not 70000',
      '[4]: "a:1" is there already: give each its own id',
    ]);
  });

  it('are a list', () => {
    expect(refusal({})).toEqual(['must be a list, not an object']);
    expect(refusal('[]')).toEqual(['must be a list, not "[]"']);
    expect(parseInstances([])).toEqual([]);
  });
});

describe('lane labels', () => {
  it.each<[Record<string, string>, string]>([
    [{}, 'stable'],
    [{ lane: 'gray' }, 'gray'],
    [{ 'graylane.io/lane': 'gray' }, 'gray'],
    [{ 'alicloud.service.tag': 'gray' }, 'gray'],
    [{ 'dubbo.tag': 'gray' }, 'gray'],
    [{ 'dubbo.tag': 'blue', lane: 'gray' }, 'gray'],
    [{ lane: '', 'dubbo.tag': 'blue' }, 'blue'],
    [{ Lane: 'gray' }, 'stable'],
  ])('of %j is %s', (metadata, lane) => {
    expect(laneLabel(metadata)).toBe(lane);
  });

  it('are looked up under the keys that are given', () => {
    expect(laneLabel({ lane: 'gray', tag: 'blue' }, ['tag'])).toBe('blue');
    expect(laneLabel({ lane: 'gray' }, [])).toBe('stable');
    expect(laneLabel({}, ['toString', '__proto__'])).toBe('stable');
  });
});

describe('authorities', () => {
  it('have brackets around IPv6', () => {
    expect(authorityOf({ host: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80');
    expect(authorityOf({ host: 'orders.internal', port: 8080 })).toBe('orders.internal:8080');
    expect(authorityOf({ host: '2001:db8::1', port: 80 })).toBe('[2001:db8::1]:80');
    expect(parseInstances([{ service: 's', host: '2001:db8::1', port: 80 }])[0]?.id).toBe('[2001:db8::1]:80');
  });
});
