import { readdirSync, readFileSync } from 'node:fs';

/** Of one process, from /proc/<pid>/stat. Times in milliseconds. */
export interface ProcessTimes {
  parent: number;
  /** Spent by itself, user and system. */
  own: number;
  /** Spent by children that have ended and were collected. */
  ended: number;
}

// USER_HZ: 100 on every Linux that Node.js runs on, whatever the kernel's own tick.
const tickMs = 10;

/** Reads a line of /proc/<pid>/stat; the name in brackets may itself hold blanks and brackets. */
export function timesIn(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) * tickMs;
  return { parent: Number(fields[1]), own: ticks(11), ended: ticks(13) };
}

/** CPU time in milliseconds of a process and of all that it started, but for those that are counted apart. */
export function treeMs(root: number, all: ReadonlyMap<number, ProcessTimes>, apart: ReadonlySet<number> = new Set()): number {
  const times = all.get(root);
  if (!times) return 0;
  let sum = times.own + times.ended;
  for (const [pid, { parent }] of all) if (parent === root && !apart.has(pid)) sum += treeMs(pid, all, apart);
  return sum;
}

/** CPU time used so far, in milliseconds, of each named process; of a server's children too. None but on Linux. */
export function cpuMs(pids: Readonly<Record<string, number>>): Record<string, number> {
  if (process.platform !== 'linux') return {};
  const all = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      all.set(Number(name), timesIn(readFileSync(`/proc/${name}/stat`, 'utf8')));
    } catch {
      // it ended between the look and the reading
    }
  }
  const apart = new Set(Object.values(pids));
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, treeMs(pid, all, apart)]));
}

/** What each process spent between two readings, in milliseconds; of those that ran at both. */
export const spentMs = (before: Record<string, number>, after: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(after).flatMap(([name, ms]) => (name in before ? [[name, ms - before[name]!]] : [])));

/** CPU time of all cores so far, in milliseconds: in all, of it unused, and of it taken by the host for other machines than this. */
export interface MachineTimes {
  all: number;
  idle: number;
  stolen: number;
}

/** Reads /proc/stat. Time as a guest is within user time already. */
export function machineTimesIn(stat: string): MachineTimes {
  const [user, nice, system, idle, waiting, irq, softIrq, stolen] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) * tickMs) as [number, number, number, number, number, number, number, number];
  const unused = idle + waiting;
  return { all: user + nice + system + unused + irq + softIrq + stolen, idle: unused, stolen };
}

/** Of this machine; undefined but on Linux. */
export const machineTimes = (): MachineTimes | undefined =>
  process.platform === 'linux' ? machineTimesIn(readFileSync('/proc/stat', 'utf8')) : undefined;

/** What was used between two readings, and what the host took, in percent of all cores. What the host takes slows whatever runs. */
export function machineUse(before?: MachineTimes, after?: MachineTimes): Record<string, number> {
  if (!before || !after) return {};
  const share = (of: keyof MachineTimes) => (100 * (after[of] - before[of])) / (after.all - before.all);
  return { 'CPU used, %': 100 - share('idle') - share('stolen'), 'taken by the host, %': share('stolen') };
}

/** Milliseconds in all as microseconds for each unit of work. */
export const usEach = (cpu: Record<string, number>, units: number): Record<string, number> =>
  Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, (ms * 1000) / units]));

/** Resident memory of a process in MiB; NaN but on Linux. */
export function residentMib(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
