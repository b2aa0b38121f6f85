import type { Bench } from '../bench.js';
import { usEach } from '../cpu.js';
import { percentile } from '../figures.js';
import type { Row } from '../report.js';
import { type Flow, type Flowed, latencies, type Rig } from '../rig.js';

const perSecond = 100;
const warmUp = 3000;
const titles = { rest: 'REST, one event a POST', grpc: 'gRPC PublishStream' };
type Line = keyof typeof titles;

/** From just before an event is published to the receiver's reading of it, at a quiet pace. */
export async function latency(bench: Bench, lines: ReadonlySet<string>): Promise<Row[]> {
  const chosen = (Object.keys(titles) as Line[]).filter((line) => lines.has(line));
  return bench.withFarm({}, async (rig) => {
    await rig.channel(0);
    await rig.floor(warmUp);
    for (const line of chosen) await rig.flow({ ...flowOf(bench, rig, line), perSecond: undefined, events: warmUp });
    const p99 = await bench.rounds(chosen, async (line) => {
      const floor = await rig.floor(bench.options.seconds * perSecond, perSecond);
      const flowed = await bench.flow(rig, `e ${line}`, flowOf(bench, rig, line));
      const [own, least] = [latencies(flowed), latencies(floor)];
      return {
        value: percentile(own, 0.99),
        floor: percentile(least, 0.99),
        cpu: usEach(flowed.cpu, flowed.deliveries),
        floorCpu: usEach(floor.cpu, floor.deliveries),
        extra: {
          p50: percentile(own, 0.5),
          'floor p50': percentile(least, 0.5),
          slowest: percentile(own, 1),
          ...paceOf(flowed),
          ...flowed.machine,
        },
      };
    });
    return chosen.map((line) => ({ line: `${titles[line]}: p99`, unit: 'ms', work: 'delivery', rounds: p99[line] }));
  });
}

const flowOf = (bench: Bench, rig: Rig, line: Line): Flow => ({
  way: line === 'rest' ? rig.ways.rest(1, 50) : rig.ways.grpc,
  events: bench.options.seconds * perSecond,
  perSecond,
  // posted over several connections
  ordered: line === 'grpc',
});

/** The pace that the publisher kept. */
const paceOf = ({ published: { sentAt } }: Flowed) => ({
  'sent/s': ((sentAt.length - 1) * 1000) / (sentAt.at(-1)! - sentAt[0]!),
});
