const ENDING = ['SIGINT', 'SIGTERM'] as const;

/** Resolves to the signal when somebody asks this process to end. A second one ends it at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const heard = (signal: NodeJS.Signals): void => {
      for (const each of ENDING) process.off(each, heard);
      resolve(signal);
    };
    for (const signal of ENDING) process.on(signal, heard);
  });
}
