import type { Bench } from '../bench.js';
import { usEach } from '../cpu.js';
import { medians, percentile } from '../figures.js';
import { clearWaiting, loadWaiting } from '../loading.js';
import type { Round, Row } from '../report.js';
import { type Flow, type Flowed, latencies, type Rig } from '../rig.js';

const healthy = Array.from({ length: 10 }, (_, number) => number);
const [hangs, late, drained, waits] = [10, 11, 12, 13];
const perSecond = 20;
/** Of those in trouble: at another pace, as two streams of one pace would meet at the same moment of each period or never. */
const besidePerSecond = 17;
/** After the service's start, before anything counts. */
const warmSeconds = 5;
/** Longer than other paced loads: the slowest hundredth of some hundred events is chance, and moves by half between two rounds. */
const timesAsLong = 2;
const hour = 3600_000;

/**
 * First attempts of ten healthy channels beside four in every kind of trouble: nobody waits for another. The floor is the same
 * load before and after, of which nothing is in trouble: the two endpoints that hang and are late answer at once, and no backlog is
 * there.
 */
export async function isolation(bench: Bench): Promise<Row[]> {
  return bench.withFarm({}, async (rig) => {
    for (const number of healthy) await rig.channel(number, { events: ['job.started'] });
    // the longest that a channel may have
    await rig.channel(hangs, { behaviour: 'hangs', events: ['job.paused'], settings: { timeout_s: 30 } });
    await rig.channel(late, { behaviour: 'late', events: ['job.paused'], settings: { timeout_s: 30 } });
    const ids = {
      drained: await rig.channel(drained, { events: ['order.closed'] }),
      waits: await rig.channel(waits, { events: ['order.closed'] }),
    };
    await rig.floor(1000);
    await rig.flow({ ...paced(bench, rig), perSecond: undefined });
    const { p99 } = await bench.rounds(['p99'], async () => {
      // before and after: the machine changes from one minute to the next
      const before = await quiet(bench, rig);
      const round = await troubled(bench, rig, ids);
      const after = await quiet(bench, rig);
      const alone = Float64Array.from([...before.latencies, ...after.latencies]);
      const machine = Object.entries(medians([before.machine, after.machine])).map(([name, value]) => [`floor's ${name}`, value]);
      const extra = { ...round.extra, "floor's p50": percentile(alone, 0.5), ...Object.fromEntries(machine) };
      return { ...round, floor: percentile(alone, 0.99), extra };
    });
    return [{ line: "healthy channels' p99; floor: without trouble", unit: 'ms', work: 'delivery', rounds: p99 }];
  });
}

const paced = (bench: Bench, rig: Rig): Flow => ({
  way: rig.ways.grpc,
  events: (bench.options.seconds * timesAsLong + warmSeconds) * perSecond,
  perSecond,
  channelsOf: () => healthy,
});

const first = (n: number) => n >= warmSeconds * perSecond;

/** The events of the two whose endpoints are in trouble, numbered from `from`. */
const theirs = (run: number, { events }: Flow, from: number) => ({
  run,
  accounts: 1,
  type: 'job.paused',
  first: from,
  events: Math.floor((events / perSecond) * besidePerSecond),
  perSecond: besidePerSecond,
});

async function behave(rig: Rig, inTrouble: boolean): Promise<void> {
  for (const behaviour of ['hangs', 'late'] as const) {
    await rig.receiver.call('behave', { behaviour, way: inTrouble ? behaviour : 'answers' });
  }
}

type Quiet = Pick<Flowed, 'machine'> & { latencies: Float64Array };

async function quiet(bench: Bench, rig: Rig): Promise<Quiet> {
  const flow = paced(bench, rig);
  const run = await rig.expect();
  const others = theirs(run, flow, flow.events);
  await behave(rig, false);
  await rig.farm.stopService('webhook');
  await rig.farm.startService('webhook');
  const beside = rig.publish(rig.ways.grpc, others);
  const measured = await rig.flow({
    ...flow,
    run,
    waiting: others.events,
    channelsOf: (n) => (n < flow.events ? healthy : [hangs!, late!]),
    afterwards: async () => void (await beside),
  });
  return { latencies: latencies(measured, (n) => n < flow.events && first(n)), machine: measured.machine };
}

async function troubled(bench: Bench, rig: Rig, ids: { drained: string; waits: string }): Promise<Round> {
  const { backlog } = bench.options;
  const flow = paced(bench, rig);
  const run = await rig.expect();
  const trouble = theirs(run, flow, flow.events + backlog);
  await rig.farm.stopService('webhook');
  await loadWaiting(rig.farm, { channel: ids.drained, run, first: flow.events, count: backlog });
  const due = new Date(Date.now() + hour);
  await loadWaiting(rig.farm, { channel: ids.waits, run, first: trouble.first + trouble.events, count: backlog, due });
  await behave(rig, true);
  await rig.farm.startService('webhook');
  const disturbing = rig.publish(rig.ways.grpc, trouble);
  const measured = await bench.flow(rig, 'i', {
    ...flow,
    run,
    waiting: backlog + trouble.events,
    channelsOf: (n) => (n < flow.events ? healthy : n < trouble.first ? [drained!] : [hangs!, late!]),
    repeats: [hangs!, late!],
    afterwards: async () => {
      await disturbing;
      await clearWaiting(rig.farm, ids.waits);
      await behave(rig, false);
    },
  });
  const { drainedAt, beside } = whileDrained(measured, flow.events);
  return {
    value: percentile(beside, 0.99),
    cpu: usEach(measured.cpu, measured.deliveries),
    extra: {
      p50: percentile(beside, 0.5),
      'first attempts measured': beside.length,
      'backlog drained after, s': drainedAt,
      ...measured.machine,
    },
  };
}

/** Latencies of the healthy ones' first attempts that were made while the backlog was being drained. */
function whileDrained(measured: Flowed, events: number): { drainedAt: number; beside: Float64Array } {
  const { published, arrivals } = measured;
  const until = arrivals.at[arrivals.channel.lastIndexOf(drained!)]!;
  const beside = latencies(measured, (n) => n < events && first(n) && published.sentAt[n]! <= until);
  const drainedAt = (until - published.startedAt) / 1000;
  if (beside.length < healthy.length * perSecond)
    throw new Error(`The backlog was drained ${drainedAt.toFixed(1)} s after the start: give a larger one`);
  return { drainedAt, beside };
}
