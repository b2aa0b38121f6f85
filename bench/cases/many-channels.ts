import type { Bench } from '../bench.js';
import { cpuMs, residentMib, usEach } from '../cpu.js';
import { printerOf } from '../event.js';
import type { Round, Row } from '../report.js';
import type { Flow, Rig } from '../rig.js';
import { loadUnconcerned, type Spread } from '../unconcerned.js';

const where: Record<Spread, string> = { account: 'all in one account', spread: 'over 1,000 accounts' };
const warmUp = 1001;

/** A hundred thousand channels, of which the events sent concern one: what they cost rules and webhook. */
export async function manyChannels(bench: Bench, lines: ReadonlySet<string>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const spread of (Object.keys(where) as Spread[]).filter((line) => lines.has(line))) {
    await bench.withFarm({}, async (rig) => {
      // one printer of fifty is its own
      const settings = { url: rig.url(0) };
      await rig.api('POST', '/v1/channels', { name: 'one printer', type: 'webhook', printers: ['printer-0'], settings });
      const without = await look(bench, rig, `d ${spread} without`);
      await loadUnconcerned(rig.farm, bench.options.channels, rig.url(1), spread);
      const loaded = await look(bench, rig, `d ${spread}`);
      const row = (line: string, unit: string, pick: (seen: Seen) => number, work = 'event'): Row => {
        const rounds = loaded.map((seen, i): Round => ({ value: pick(seen), floor: pick(without[i]!) }));
        return { line: `${line}, ${where[spread]}; floor: without them`, unit, work, rounds };
      };
      const match = row('CPU of rules', 'µs/event', ({ cpu }) => cpu.rules!);
      match.rounds.forEach((round, i) => {
        Object.assign(round, { cpu: loaded[i]!.cpu, floorCpu: without[i]!.cpu, extra: { 'events/s': loaded[i]!.perSecond } });
      });
      rows.push(
        match,
        row('start of rules', 's', ({ start }) => start),
        row('CPU of that start', 's', ({ startCpu }) => startCpu),
        row('memory of rules', 'MiB', ({ rules }) => rules),
        row('memory of webhook', 'MiB', ({ webhook }) => webhook),
      );
    });
  }
  return rows;
}

interface Seen {
  cpu: Record<string, number>;
  perSecond: number;
  /** Until it was ready, in seconds. */
  start: number;
  /** Spent by then, in seconds. */
  startCpu: number;
  rules: number;
  webhook: number;
}

async function look(bench: Bench, rig: Rig, label: string): Promise<Seen[]> {
  const { events: all, rounds } = bench.options;
  const flow: Flow = {
    way: rig.ways.grpc,
    // the last event is one of those that arrive, by which the end is seen
    events: all / 10 + 1,
    channelsOf: (n) => (printerOf(n, 1) === 0 ? [0] : []),
  };
  const seen: Seen[] = [];
  for (let round = 0; round < rounds; round++) {
    await rig.farm.stopService('rules');
    const began = performance.now();
    await rig.farm.startService('rules');
    const start = (performance.now() - began) / 1000;
    const startCpu = (cpuMs({ rules: rig.farm.pids().rules! }).rules ?? Number.NaN) / 1000;
    await rig.flow({ ...flow, events: warmUp });
    const { cpu, seconds } = await bench.flow(rig, label, flow);
    const { rules, webhook } = rig.farm.pids();
    const memory = { rules: residentMib(rules!), webhook: residentMib(webhook!) };
    seen.push({ cpu: usEach(cpu, flow.events), perSecond: flow.events / seconds, start, startCpu, ...memory });
    bench.say(
      `${label}, round ${round + 1}: ${seen.at(-1)!.cpu.rules?.toFixed(1)} µs of rules an event, start ${start.toFixed(2)} s`,
    );
  }
  return seen;
}
