import type { AdminAnswers, LiveExplanation, Readiness, RecentExplanation } from '@graylane/gateway';
import type { Configuration } from './configuration.ts';
import type { Question } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';
import type { Workers } from './workers.ts';

/** Answers for all workers: what they count is added up, and what all of them know the first that answers may say. */
export function answerForWorkers(workers: Workers, configuration: () => Configuration): AdminAnswers {
  return {
    async readiness() {
      const all = (await askAll(workers.present, 'readiness')) as (Readiness | undefined)[];
      const known = all.filter((one) => one !== undefined);
      return {
        ready: known.some(({ ready }) => ready),
        draining: known.length > 0 && known.every(({ draining }) => draining),
      };
    },
    async status() {
      const { present } = workers;
      const { ready, draining } = await this.readiness();
      const all = (await askAll(present, 'status')) as (object | undefined)[];
      const { path: file, revision } = configuration();
      return {
        ready,
        draining,
        configuration: { file, revision },
        workers: all.map((status, index) => ({ pid: present[index]?.pid, ...(status ?? { answers: false }) })),
      };
    },
    metrics: () => workers.metrics(),
    async explain(request) {
      const [first] = workers.present;
      return (await first?.ask('explain', request)) as LiveExplanation | undefined;
    },
    async recent(requestID) {
      const all = (await askAll(workers.present, 'recent', requestID)) as (RecentExplanation | undefined)[];
      return all.find((found) => found !== undefined);
    },
  };
}

/** What each worker answers; undefined for one that does not. */
function askAll(workers: readonly WorkerProcess[], question: Question, about?: unknown): Promise<unknown[]> {
  return Promise.all(workers.map((worker) => worker.ask(question, about).catch(() => undefined)));
}
