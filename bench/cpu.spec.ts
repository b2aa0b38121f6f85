import { execFileSync } from 'node:child_process';
import { cpuMs, type ProcessTimes, residentMib, spentMs, timesIn, treeMs, usEach } from './cpu.js';

it('reads a line of /proc, whatever the name of the program', () => {
  const stat = '42 (a (b) 7 8) S 17 42 42 0 -1 4194560 1 2 3 4 150 50 30 10 20 0 11 0 99 1 2';
  expect(timesIn(stat)).toEqual({ parent: 17, own: 2000, ended: 400 });
});

it('adds up a process, its children and theirs, those that have ended too', () => {
  const times = (parent: number, own: number, ended = 0): ProcessTimes => ({ parent, own, ended });
  const all = new Map([
    [1, times(0, 1)],
    [10, times(1, 100, 7)],
    [11, times(10, 20)],
    [12, times(11, 3)],
    [20, times(1, 1000)],
  ]);
  expect(treeMs(10, all)).toBe(130);
  expect(treeMs(12, all)).toBe(3);
  expect(treeMs(10, all, new Set([10, 11]))).toBe(107);
  expect(treeMs(99, all)).toBe(0);
});

it('tells what was spent by those that ran all the time', () => {
  expect(spentMs({ a: 10, gone: 5 }, { a: 25, fresh: 9 })).toEqual({ a: 15 });
  expect(usEach({ a: 15, b: 0 }, 1000)).toEqual({ a: 15, b: 0 });
});

(process.platform === 'linux' ? it : it.skip)('sees what this process spends, itself and by a child', () => {
  const pids = { me: process.pid };
  const before = cpuMs(pids);
  const script = 'const end = Date.now() + 60_000; while (process.cpuUsage().user < 200_000 && Date.now() < end);';
  execFileSync(process.execPath, ['-e', script]);
  expect(spentMs(before, cpuMs(pids)).me).toBeGreaterThanOrEqual(190);
  expect(residentMib(process.pid)).toBeGreaterThan(10);
});
