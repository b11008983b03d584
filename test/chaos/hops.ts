/** One step of a request's way, as the instance that served it says. */
export interface Hop {
  readonly service: string;
  /** The lane of the instance. */
  readonly lane: string;
  /** The lane that the request was in there. */
  readonly wanted: string;
  readonly pid: number;
}

/** A hop as a line: `front gray gray 4711`. */
export function formatHop({ service, lane, wanted, pid }: Hop): string {
  return `${service} ${lane} ${wanted} ${pid}`;
}

/** The hops of an answer. A line that is none, as that of a failed call, ends them. */
export function parseHops(answer: string): Hop[] {
  const hops: Hop[] = [];
  for (const line of answer.split('\n')) {
    const [service = '', lane = '', wanted = '', pid = ''] = line.split(' ');
    if (service === 'failed') break;
    hops.push({ service, lane, wanted, pid: Number(pid) });
  }
  return hops;
}
