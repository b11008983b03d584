import { BUCKETS, type Lane, parseLane, STABLE, type Value } from '@graylane/core';
import type { MirrorRule } from './mirror.ts';
import { MIRROR_LIMITS, type MirrorLimits } from './mirror-send.ts';

/** What is mirrored, as the configuration has it. */
export interface MirrorConfig {
  readonly rules: readonly MirrorRule[];
  readonly limits: MirrorLimits;
}

/** Reads what is mirrored. */
export function readMirrorConfig(value: Value): MirrorConfig | undefined {
  const fields = value.fields(['rules', 'bodyBytes', 'concurrent', 'answerMs']);
  if (!fields) return undefined;
  const rules = value.at('rules').list(1)?.map(readRule);
  const { bodyBytes, concurrent, answerMs } = MIRROR_LIMITS;
  const limits = {
    bodyBytes: fields.bodyBytes?.number({ min: 0, max: 16 * 1024 * 1024, integer: true }) ?? bodyBytes,
    concurrent: fields.concurrent?.number({ min: 1, max: 10_000, integer: true }) ?? concurrent,
    answerMs: fields.answerMs?.number({ min: 1, max: 600_000, integer: true }) ?? answerMs,
  };
  return rules && { rules: rules.filter((rule) => rule !== undefined), limits };
}

function readRule(value: Value): MirrorRule | undefined {
  const fields = value.fields(['to', 'services', 'from', 'share', 'unsafe']);
  if (!fields) return undefined;
  const to = readLane(value.at('to'));
  const from = fields.from?.list(1)?.map(readLane) ?? [STABLE];
  const services = fields.services?.list(1)?.map((item) => item.text({ max: 200 }));
  const buckets = readShare(value.at('share'));
  const unsafe = fields.unsafe?.boolean() ?? false;
  if (to !== undefined && from.includes(to)) value.at('to').fail('is a lane that is copied from: name another');
  if (to === undefined || buckets === undefined) return undefined;
  return {
    to,
    services: services?.filter((service) => service !== undefined),
    from: from.filter((lane) => lane !== undefined),
    buckets,
    unsafe,
  };
}

function readLane(value: Value): Lane | undefined {
  const text = value.text();
  return text === undefined ? undefined : (parseLane(text) ?? value.fail(`"${text}" is no lane name`));
}

/** Per cent, in steps of 0.001, as buckets. */
function readShare(value: Value): number | undefined {
  const percent = value.number({ min: 0, max: 100 });
  if (percent === undefined) return undefined;
  const buckets = Math.round((percent * BUCKETS) / 100);
  const exact = Math.abs((buckets * 100) / BUCKETS - percent) < 1e-9;
  return exact ? buckets : value.fail('must be in steps of 0.001 per cent');
}
