import type { Bench } from '../bench.js';
import { usEach } from '../cpu.js';
import type { Round, Row } from '../report.js';
import type { Flow, Rig } from '../rig.js';

const titles = {
  single: 'REST, single events',
  array: 'REST, arrays of 1,000',
  'always-single': 'REST, single events, FARMBELL_NATS_SYNC=always',
  'always-array': 'REST, arrays of 1,000, FARMBELL_NATS_SYNC=always',
};
type Line = keyof typeof titles;
export const restLines = Object.keys(titles) as Line[];
const warmUp = 3000;

/** How fast events are accepted over REST: no channel waits for them. */
export async function rest(bench: Bench, lines: ReadonlySet<string>): Promise<Row[]> {
  const measured: Partial<Record<Line, Round[]>> = {};
  for (const sync of ['1s', 'always']) {
    const chosen = restLines.filter((line) => lines.has(line) && line.startsWith('always') === (sync === 'always'));
    if (chosen.length === 0) continue;
    await bench.withFarm({ sync }, async (rig) => {
      await rig.floorOfPublishing(warmUp);
      for (const line of chosen) await rig.flow({ ...flowOf(bench, rig, line), events: warmUp });
      Object.assign(measured, await bench.rounds(chosen, (line) => accept(bench, rig, line)));
    });
  }
  return restLines
    .filter((line) => measured[line])
    .map((line) => ({ line: titles[line], unit: 'events/s', work: 'event', rounds: measured[line]! }));
}

async function accept(bench: Bench, rig: Rig, line: Line): Promise<Round> {
  const { events } = bench.options;
  const perSecond = ({ startedAt, endedAt }: { startedAt: number; endedAt: number }) => (events * 1000) / (endedAt - startedAt);
  const floor = await rig.floorOfPublishing(events);
  const before = await stored(rig);
  const flowed = await bench.flow(rig, `h ${line}`, flowOf(bench, rig, line));
  const added = (await stored(rig)) - before;
  if (added !== events) throw new Error(`${events} events were accepted, and ${added} are stored`);
  return {
    value: perSecond(flowed.published),
    floor: perSecond(floor.published),
    cpu: usEach(flowed.cpu, events),
    floorCpu: usEach(floor.cpu, events),
    extra: { 'all services done after, s': flowed.settledSeconds },
  };
}

const flowOf = (bench: Bench, rig: Rig, line: Line): Flow => ({
  way: line.endsWith('array') ? rig.ways.rest(1000, 2) : rig.ways.rest(1, bench.options.concurrency),
  events: bench.options.events,
  channelsOf: () => [],
});

const stored = async (rig: Rig): Promise<number> => (await rig.jsm.streams.info('EVENTS')).state.last_seq;
