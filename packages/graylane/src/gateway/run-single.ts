import type { Notice } from '../notices.ts';
import { untilSignal } from '../signals.ts';
import { listenAdmin } from './admin-listener.ts';
import type { Configuration } from './configuration.ts';
import { describeChanges } from './describe-changes.ts';
import { followConfiguration } from './follow-configuration.ts';
import { openGateway } from './open-gateway.ts';
import type { LogFormat } from './request-log.ts';

/** How a gateway runs. */
export interface RunOptions {
  readonly log: LogFormat;
  /** How long it is not ready before it stops listening, in milliseconds. */
  readonly drainMs: number;
}

/** Runs a gateway in this process, until a signal ends it. */
export async function runSingle(initial: Configuration, { log, drainMs }: RunOptions, notice: Notice): Promise<void> {
  const opened = await openGateway(initial, log, notice);
  const { answers } = opened;
  const { admin: at } = initial.config;
  let admin: Awaited<ReturnType<typeof listenAdmin>> | undefined;
  let stop = (): void => {};
  const onRestart = (): void =>
    console.error('Nothing is restarted: SIGUSR2 replaces workers, and `workers: 1` has none beside this process.');
  process.on('SIGUSR2', onRestart);
  let drain = 0;
  try {
    admin = at && (await listenAdmin(answers, at));
    const where = await opened.listen();
    const asked = untilSignal();
    stop = followConfiguration(initial, {
      onConfiguration: async (next) => console.error(describeChanges(next, await opened.apply(next))),
      onError: notice,
    });
    console.error(`gateway  ${where}${admin ? `\nadmin    ${admin.url}` : ''}`);
    const signal = await asked;
    console.error(`${signal}: draining for ${drainMs} ms; once more to end at once`);
    drain = drainMs;
  } finally {
    stop();
    process.off('SIGUSR2', onRestart);
    await opened.close({ drainMs: drain });
    admin?.close();
  }
}
