import type { Bench } from '../bench.js';
import { usEach } from '../cpu.js';
import { percentile } from '../figures.js';
import { loadWaiting } from '../loading.js';
import type { Round, Row } from '../report.js';
import { type Flow, latencies, type Rig } from '../rig.js';

const fresh = 0;
const late = 1;
const perSecond = 100;
const warmUp = 3000;

/** A channel whose receiver was away has a backlog in the waiting room: how fast it is worked off, and who notices. */
export async function backlog(bench: Bench): Promise<Row[]> {
  return bench.withFarm({}, async (rig) => {
    await rig.channel(fresh, { events: ['job.started'] });
    const channel = await rig.channel(late, { events: ['order.closed'] });
    const paced: Flow = { way: rig.ways.grpc, events: bench.options.seconds * perSecond, perSecond };
    await rig.floor(warmUp);
    await rig.flow({ ...paced, perSecond: undefined, events: warmUp });
    const noticed: Round[] = [];
    const { drained } = await bench.rounds(['drained'], async () => {
      const floor = await rig.floor(bench.options.events);
      const without = await rig.flow(paced);
      const { round, p99 } = await drain(bench, rig, channel, paced);
      noticed.push({ value: p99, floor: percentile(latencies(without), 0.99) });
      return { ...round, floor: floor.deliveries / floor.seconds, floorCpu: usEach(floor.cpu, floor.deliveries) };
    });
    return [
      { line: 'backlog', unit: 'rows/s', work: 'delivery', rounds: drained },
      { line: "another channel's p99 meanwhile; floor: without it", unit: 'ms', work: 'delivery', rounds: noticed },
    ];
  });
}

/** The rows are put there while the service is stopped: at its start it finds them, as after a crash, and works them off. */
async function drain(bench: Bench, rig: Rig, channel: string, paced: Flow): Promise<{ round: Round; p99: number }> {
  const waiting = bench.options.backlog;
  await rig.farm.stopService('webhook');
  const run = await rig.expect();
  await loadWaiting(rig.farm, { channel, run, first: paced.events, count: waiting });
  await rig.farm.startService('webhook');
  const flowed = await bench.flow(rig, 'f', {
    ...paced,
    run,
    waiting,
    channelsOf: (n) => [n < paced.events ? fresh : late],
  });
  const { arrivals, published, cpu, deliveries } = flowed;
  const rows = arrivals.at.filter((_, i) => arrivals.channel[i] === late);
  const [begun, ended] = [rows[0]!, rows.at(-1)!];
  const meanwhile = latencies(flowed, (n, at) => at === fresh && published.sentAt[n]! >= begun && published.sentAt[n]! <= ended);
  if (meanwhile.length < perSecond / 2)
    throw new Error(`The backlog was gone after ${meanwhile.length} fresh events: give a larger one`);
  return {
    round: {
      value: ((waiting - 1) * 1000) / (ended - begun),
      cpu: usEach(cpu, deliveries),
      extra: { 'fresh events meanwhile': meanwhile.length, 'of /s': perSecond },
    },
    p99: percentile(meanwhile, 0.99),
  };
}
