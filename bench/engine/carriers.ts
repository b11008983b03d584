import { BAGGAGE_KEY, type Lane, readLane, writeLane } from '@graylane/core';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';
import { fresh, type Probe, probe, type Question, times } from './probe.ts';

const SIZES = [1, 5, 60];
const MEMBER = `${BAGGAGE_KEY}=gray`;
const otel = new W3CBaggagePropagator();

/** The questions about the carrier: baggage of so many members, ours in the middle when it is read. */
export const CARRIER_QUESTIONS: readonly Question[] = SIZES.flatMap((size): Question[] => [
  {
    name: `read the lane from ${count(size)}`,
    contenders: {
      graylane: () => reading(size, readLane),
      'limit: find and cut out': () => reading(size, cutOut),
      'W3CBaggagePropagator.extract': () => reading(size, extract),
    },
  },
  {
    name: `write ${count(size)}, lane unchanged`,
    contenders: {
      graylane: () => writing([MEMBER, ...others(size - 1)].join(','), size),
      'W3CBaggagePropagator.inject': () => injecting(size, false),
    },
  },
  {
    name: `write ${count(size)}, lane added`,
    contenders: {
      graylane: () => writing(others(size).join(','), size + 1),
      'W3CBaggagePropagator.inject': () => injecting(size, true),
    },
  },
]);

function count(size: number): string {
  return size === 1 ? '1 member' : `${size} members`;
}

function others(size: number): string[] {
  return times(size, (at) => `key${at}=value-${at}`);
}

function reading(size: number, read: (header: string) => string | undefined): Probe {
  const header = others(size - 1)
    .toSpliced((size - 1) >> 1, 0, MEMBER)
    .join(',');
  return probe<string>({
    inputs: (amount) => times(amount, () => fresh(header)),
    run: read,
    isRight: (answer) => answer === 'gray',
  });
}

/** The cheapest that could be right for a well-formed header: no spaces, no repetition, no check of the name. */
function cutOut(header: string): string | undefined {
  const at = header.indexOf(`${BAGGAGE_KEY}=`);
  if (at === -1) return undefined;
  const end = header.indexOf(',', at);
  return header.slice(at + BAGGAGE_KEY.length + 1, end === -1 ? undefined : end);
}

function extract(header: string): string | undefined {
  const ctx = otel.extract(ROOT_CONTEXT, { baggage: header }, defaultTextMapGetter);
  return propagation.getBaggage(ctx)?.getEntry(BAGGAGE_KEY)?.value;
}

function writing(header: string, members: number): Probe {
  return probe<string>({
    inputs: (amount) => times(amount, () => fresh(header)),
    run: (before) => flat(writeLane(before, 'gray' as Lane)),
    isRight: (answer) => hasMembers(answer as string, members),
  });
}

/** OpenTelemetry writes from baggage that was read before: only the writing is counted. */
function injecting(size: number, add: boolean): Probe {
  const header = [...(add ? [] : [MEMBER]), ...others(add ? size : size - 1)].join(',');
  return probe<Context>({
    inputs: (amount) =>
      times(amount, () => otel.extract(ROOT_CONTEXT, { baggage: fresh(header) }, defaultTextMapGetter)),
    run: (before) => {
      const baggage = propagation.getBaggage(before) ?? propagation.createBaggage();
      const ctx = add ? propagation.setBaggage(before, baggage.setEntry(BAGGAGE_KEY, { value: 'gray' })) : before;
      const carrier: Record<string, string> = {};
      otel.inject(ctx, carrier, defaultTextMapSetter);
      return flat(carrier.baggage);
    },
    isRight: (answer) => hasMembers(answer as string, add ? size + 1 : size),
  });
}

/** A concatenation is only written down when somebody looks into it; a socket does. */
function flat(header: string | undefined): string | undefined {
  header?.charCodeAt(header.length - 1);
  return header;
}

function hasMembers(header: string, members: number): boolean {
  return header.split(',').includes(MEMBER) && header.split(',').length === members;
}
