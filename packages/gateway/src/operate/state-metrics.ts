import { Gauge, type Registry as PromRegistry } from 'prom-client';
import type { Gateway } from '../gateway.ts';

/**
 * Measures how a gateway is at the moment that it is asked. Each says how the values of several workers become one: what
 * is in them is added, what they all look at is taken from the worst.
 */
export function measureState(register: PromRegistry, gateway: () => Gateway | undefined): void {
  const registers = [register];
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    aggregator: 'sum' | 'min' | 'max',
    read: (gauge: Gauge, gateway: Gateway) => void,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      aggregator,
      registers,
      collect() {
        const present = gateway();
        this.reset();
        if (present) read(this, present);
      },
    });
  };

  gauge('graylane_gateway_connections', 'Connections of clients.', [], 'sum', (metric, { status }) =>
    metric.set(status().connections),
  );
  gauge('graylane_gateway_requests_in_flight', 'Requests under way.', [], 'sum', (metric, { status }) =>
    metric.set(status().requests),
  );
  gauge(
    'graylane_gateway_tls_error',
    '1 while the files of a listener’s certificates cannot be used, and those before are still in use.',
    ['listener'],
    'max',
    (metric, own) => {
      for (const { address, certificates, tlsError } of own.status().listeners)
        if (certificates.length > 0) metric.set({ listener: address }, tlsError ? 1 : 0);
    },
  );
  gauge(
    'graylane_gateway_certificate_expiry_seconds',
    'When a certificate that is in use ends to be valid, in seconds since the epoch.',
    ['listener', 'name'],
    'min',
    (metric, own) => {
      for (const { address, certificates } of own.status().listeners)
        for (const { name, expires } of certificates.toSorted((a, b) => b.expires - a.expires))
          metric.set({ listener: address, name }, expires / 1_000); // of two with the same name, that which ends first
    },
  );
  gauge(
    'graylane_policy_info',
    'Always 1; the revision of the policy in force.',
    ['revision'],
    'max',
    (metric, own) => {
      const { revision } = own.status().policy;
      if (revision !== undefined) metric.set({ revision }, 1);
    },
  );
  gauge(
    'graylane_source_staleness_seconds',
    'How long ago a source was last heard; not there before it ever was.',
    ['source'],
    'max',
    (metric, own) => {
      for (const [source, { heardAt }] of sourcesOf(own))
        if (heardAt > 0) metric.set({ source }, Math.max(0, Date.now() - heardAt) / 1_000);
    },
  );
  gauge('graylane_source_fresh', '1 while a source is known and connected.', ['source'], 'min', (metric, own) => {
    for (const [source, { freshness }] of sourcesOf(own)) metric.set({ source }, freshness === 'fresh' ? 1 : 0);
  });
  gauge(
    'graylane_instances',
    'Instances that the registry knows, by the label that they carry.',
    ['service', 'lane', 'state'],
    'max',
    (metric, own) => {
      for (const [service, instances] of own.snapshot().services)
        for (const { lane, state } of instances) metric.inc({ service, lane, state });
    },
  );
}

function sourcesOf(gateway: Gateway) {
  const { registry, policy } = gateway.status();
  return [['registry', registry] as const, ['policy', policy] as const];
}
