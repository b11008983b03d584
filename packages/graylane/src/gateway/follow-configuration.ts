import { watchFiles } from '@graylane/sources';
import { type Configuration, readConfiguration } from './configuration.ts';

/** What comes of following a configuration file. */
export interface ConfigurationListener {
  /** Its content is another one than before, and good. `asked` when somebody sent SIGHUP. */
  onConfiguration(configuration: Configuration, asked: boolean): void | Promise<void>;
  /** It cannot be read or has mistakes: what is in force stays. */
  onError(error: Error): void;
}

/**
 * Follows a configuration file: reads it again whenever it changes, and on SIGHUP. Returns how to stop.
 *
 * @param initial what is in force
 */
export function followConfiguration(initial: Configuration, listener: ConfigurationListener): () => void {
  const stopping = new AbortController();
  let text = initial.text;
  let reading: Promise<void> = Promise.resolve();
  const readNext = (asked: boolean): Promise<void> => {
    reading = reading.then(() => read(asked)); // one after the other, so that the last one written wins
    return reading;
  };
  const read = async (asked: boolean): Promise<void> => {
    try {
      const configuration = await readConfiguration(initial.path);
      if (configuration.text === text && !asked) return;
      text = configuration.text;
      await listener.onConfiguration(configuration, asked);
    } catch (error) {
      listener.onError(error as Error);
    }
  };
  const onHangUp = (): void => void readNext(true);
  process.on('SIGHUP', onHangUp);
  const watched = watchFiles(
    [initial.path],
    () => readNext(false).then(() => [initial.path]),
    () => {},
    stopping.signal,
  );
  watched.catch((error: Error) => listener.onError(error));
  return () => {
    process.off('SIGHUP', onHangUp);
    stopping.abort();
  };
}
