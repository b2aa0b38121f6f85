import { execFileSync } from 'node:child_process';
import {
  cpuMs,
  machineTimes,
  machineTimesIn,
  machineUse,
  type ProcessTimes,
  residentMib,
  spentMs,
  timesIn,
  treeMs,
  usEach,
} from './cpu.js';

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

it('tells how much of the machine was used, and how much the host took', () => {
  const stat = (line: string) => machineTimesIn(`cpu  ${line} 4 3\ncpu0 1 2 3 4 5 6 7 8 9 0\n`);
  const before = stat('100 10 50 1000 20 5 5 10');
  expect(before).toEqual({ all: 12_000, idle: 10_200, stolen: 100 });
  const use = machineUse(before, stat('120 10 60 1050 30 5 5 20'));
  expect(use).toEqual({ 'CPU used, %': 30, 'taken by the host, %': 10 });
  expect(machineUse(undefined, before)).toEqual({});
});

(process.platform === 'linux' ? it : it.skip)('sees what this process spends, itself and by a child', () => {
  const pids = { me: process.pid };
  const [before, machine] = [cpuMs(pids), machineTimes()];
  const script = 'const end = Date.now() + 60_000; while (process.cpuUsage().user < 200_000 && Date.now() < end);';
  execFileSync(process.execPath, ['-e', script]);
  expect(spentMs(before, cpuMs(pids)).me).toBeGreaterThanOrEqual(190);
  expect(machineUse(machine, machineTimes())['CPU used, %']).toBeGreaterThan(0);
  expect(residentMib(process.pid)).toBeGreaterThan(10);
});
