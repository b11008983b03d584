import type { Fleet, Life } from './fleet.ts';
import type { Failure, Refused, Report } from './messages.ts';

/** How late the gateway may learn, on a busy machine, that an instance is dead. */
const MARGIN_MS = 100;

/** How much of what happened belongs to the story of a violation, in milliseconds before its end. */
const STORY_MS = 2_000;

/** Judges what was not served, by what was done to the instances; and counts. */
export class Judge {
  /** Failures that nobody could have prevented, by their kind and by why. */
  readonly excused: Record<string, number> = {};
  readonly violations: string[] = [];
  counts: Readonly<Record<string, number>> | undefined;
  done = 0;
  readonly #fleet: Fleet;
  readonly #failures: Failure[] = [];
  readonly #refused = new Map<number, Refused>();
  /** By a request's number: whether an instance has acted on it. */
  readonly #acted: Uint8Array;

  /** @param requests how many there will be, at most */
  constructor(fleet: Fleet, requests: number) {
    this.#fleet = fleet;
    this.#acted = new Uint8Array(requests);
  }

  /** Takes in what a program says. */
  hear(report: Report): void {
    switch (report.kind) {
      case 'failure':
        this.#failures.push(report.failure);
        break;
      case 'refused':
        this.#refused.set(report.refused.request, report.refused);
        break;
      case 'violation':
        this.#violate(report.what);
        break;
      case 'acted':
        for (const request of report.requests) {
          if (this.#acted[request]) this.#violate(`request ${request} was acted on twice`);
          this.#acted[request] = 1;
        }
        break;
      case 'progress':
        this.done = report.done;
        break;
      case 'ended':
        this.counts = report.counts;
        break;
    }
  }

  /** Judges the failures. To be called when all is told that there is to tell. */
  judgeFailures(): void {
    for (const failure of this.#failures.splice(0)) {
      const excuse = this.#excuse(failure);
      if (excuse === undefined) this.#violate(this.#describe(failure), failure.end);
      else this.excused[excuse] = (this.excused[excuse] ?? 0) + 1;
    }
  }

  /**
   * Why a request could not be served: the instance that it went to was killed while it was under way, and either its
   * answer had begun, or it must not be sent twice.
   */
  #excuse(failure: Failure): string | undefined {
    const refused = this.#refused.get(failure.request);
    const life = this.#fleet.lives.get(failure.pid ?? refused?.pid ?? 0);
    if (!life || !wasKilledDuring(life, failure)) return undefined;
    const begun = failure.pid !== undefined || refused?.status === 200;
    if (begun) return `${failure.kind}: its answer had begun`;
    const sent = refused?.detail.startsWith('GL_UPSTREAM_FAILED');
    return sent && !failure.safe ? `${failure.kind}: must not be sent twice` : undefined;
  }

  #describe({ request, kind, start, end, pid, what }: Failure): string {
    const refused = this.#refused.get(request);
    const told = refused ? `the gateway: ${refused.detail} (process ${refused.pid})` : 'the gateway tells nothing';
    return `${kind} request ${request} of ${start.toFixed(0)}–${end.toFixed(0)} at ${pid ?? 'no instance'}: ${what}; ${told}`;
  }

  #violate(what: string, end?: number): void {
    const { events } = this.#fleet;
    const until = end ?? events.at(-1)?.at ?? 0;
    const story = events.filter(({ at }) => at <= until && at > until - STORY_MS);
    this.violations.push(
      `${what}; before: ${story.map(({ at, what: event }) => `${at.toFixed(0)} ${event}`).join(', ')}`,
    );
  }
}

function wasKilledDuring({ killed, endedAt, goneAt }: Life, { start, end }: Failure): boolean {
  return killed && endedAt <= end && start <= goneAt + MARGIN_MS;
}
