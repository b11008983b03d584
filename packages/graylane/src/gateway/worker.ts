import { isGraylaneError } from '@graylane/core';
import { formatFailure, statusOf } from '../failure.ts';
import { parseConfiguration } from './configuration.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import { type OpenGateway, openGateway } from './open-gateway.ts';

/** How long requests under way may take when the primary is gone, in milliseconds. */
const ORPHAN_GRACE_MS = 10_000;

/**
 * Is one of the gateways behind a primary: does what that says, tells it what others should know, and ends with it. The
 * primary alone heeds signals, for a terminal sends them to all.
 */
export async function runWorker(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let running: OpenGateway | undefined;
  let ending = false;

  const finish = async (options: { drainMs?: number; graceMs?: number }): Promise<void> => {
    if (ending) process.exit(1); // asked to drain, and then left alone
    ending = true;
    await running?.close(options);
    if (running) await tell({ kind: 'counted', values: await running.answers.metrics() });
    end();
  };

  process.on('disconnect', () => void finish({ graceMs: ORPHAN_GRACE_MS }));
  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'start':
        start(message).then(
          (started) => {
            running = started;
          },
          async (error) => {
            const isConfig = isGraylaneError(error, 'GL_CONFIG_INVALID');
            const text = isConfig ? error.message : formatFailure(error);
            await tell({ kind: 'failed', code: isConfig ? error.code : 'GL_INTERNAL', text });
            process.exit(statusOf(error));
          },
        );
        return;
      case 'apply':
        running?.apply(parseConfiguration(message.path, message.text)).catch(notice);
        return;
      case 'ask':
        if (running) void answer(running, message);
        return;
      case 'ejection':
        running?.gateway.router.hearEjection(message.news);
        return;
      case 'end':
        void finish({ drainMs: message.drainMs });
    }
  });
  await ended;
  process.disconnect();
}

function notice(error: Error): void {
  void tell({ kind: 'notice', text: formatFailure(error) });
}

async function start({ path, text, log }: Extract<ToWorker, { kind: 'start' }>): Promise<OpenGateway> {
  const opened = await openGateway(parseConfiguration(path, text), log, notice);
  opened.gateway.router.onEjection((news) => void tell({ kind: 'ejection', news }));
  try {
    await tell({ kind: 'listening', where: await opened.listen() });
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

async function answer(
  { answers }: OpenGateway,
  { id, question, about }: Extract<ToWorker, { kind: 'ask' }>,
): Promise<void> {
  try {
    await tell({ kind: 'answer', id, value: await answers[question](about as never) });
  } catch (error) {
    const code = isGraylaneError(error) ? error.code : 'GL_INTERNAL';
    await tell({ kind: 'no-answer', id, code, text: (error as Error).message });
  }
}

/** Resolves when it is sent, or cannot be. */
function tell(message: ToPrimary): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
