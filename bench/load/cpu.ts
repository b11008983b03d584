import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of `/proc/stat` and `/proc/PID/stat` a second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU time that all threads of a process took so far, in nanoseconds: what a preempted process waits does not count. */
export function cpuTimeOf(pid: number): number {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // a thread that ended meanwhile
    }
  }
  return total;
}

/** Resident memory of a process, in megabytes. */
export function residentOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

/** Watches how much of the machine others use from now on; the answer is their load in cores. */
export function watchForeign(own: readonly number[]): () => number {
  const started = performance.now();
  const busyBefore = busyTime();
  const ownBefore = ownTime(own);
  return () => {
    const busy = busyTime() - busyBefore - (ownTime(own) - ownBefore);
    return Math.max(0, busy / ((performance.now() - started) / 1_000));
  };
}

/** Seconds of all cores that were not idle. */
function busyTime(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] as string).trim().split(/\s+/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields.map(Number);
  return (user + nice + system + irq + softirq) / TICKS;
}

/** Seconds that these processes, this one and those of its children that have ended took. */
function ownTime(pids: readonly number[]): number {
  const after = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ended = (Number(after[13]) + Number(after[14])) / TICKS; // cutime and cstime
  return ended + [process.pid, ...pids].reduce((sum, pid) => sum + cpuTimeOf(pid) / 1e9, 0);
}
