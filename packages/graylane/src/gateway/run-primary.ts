import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { GatewayConfig } from '@graylane/gateway';
import type { Notice } from '../notices.ts';
import { untilSignal } from '../signals.ts';
import { listenAdmin } from './admin-listener.ts';
import { type Configuration, changesBetween, readConfiguration, takeLive } from './configuration.ts';
import { describeChanges } from './describe-changes.ts';
import { followConfiguration } from './follow-configuration.ts';
import { answerForWorkers } from './primary-answers.ts';
import type { RunOptions } from './run-single.ts';
import { Workers } from './workers.ts';

/** What belongs to the primary and not to its workers: a restart of the workers does not change it. */
const PRIMARY_FIELDS: ReadonlySet<string> = new Set(['admin']);

/**
 * Runs a gateway in several processes. The primary holds the sockets and the admin listener, and handles no request: it
 * replaces workers that die, adds up what they count, and restarts them one generation after the other on SIGUSR2, and on
 * SIGHUP where the configuration asks for it.
 */
export async function runPrimary(initial: Configuration, { log, drainMs }: RunOptions, notice: Notice): Promise<void> {
  cluster.setupPrimary({ serialization: 'advanced' });
  let inForce = initial;
  const say = (text: string): void => notice(new Error(text));
  const workers = new Workers(initial, log, say);
  const admin =
    initial.config.admin &&
    (await listenAdmin(
      answerForWorkers(workers, () => inForce),
      initial.config.admin,
    ));

  let restarting: Promise<void> = Promise.resolve();
  const restart = (next: Configuration): void => {
    restarting = restarting.then(async () => {
      try {
        const where = await workers.replace(next, countOf(next.config), drainMs);
        inForce = next;
        console.error(`gateway  ${where}\n         restarted with configuration ${next.revision}`);
      } catch (error) {
        notice(error as Error);
        say('The workers before it go on.');
      }
    });
  };
  const onConfiguration = (next: Configuration, asked: boolean): void => {
    const changes = changesBetween(inForce.config, next.config);
    if (asked && changes.restart.some((name) => !PRIMARY_FIELDS.has(name))) return restart(next);
    inForce = { ...next, config: takeLive(inForce.config, next.config) };
    workers.apply(next, inForce);
    console.error(describeChanges(next, changes));
  };
  const onRestart = (): void => void readConfiguration(initial.path).then(restart, notice);

  try {
    const where = await workers.replace(initial, countOf(initial.config), drainMs);
    const asked = untilSignal();
    const stop = followConfiguration(initial, { onConfiguration, onError: notice });
    process.on('SIGUSR2', onRestart);
    console.error(`gateway  ${where}${admin ? `\nadmin    ${admin.url}` : ''}\nworkers  ${workers.present.length}`);
    const signal = await asked;
    process.off('SIGUSR2', onRestart);
    stop();
    console.error(`${signal}: draining for ${drainMs} ms; once more to end at once`);
    await restarting;
  } finally {
    await workers.end(drainMs);
    admin?.close();
  }
}

function countOf({ workers }: GatewayConfig): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
