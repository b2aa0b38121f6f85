import type { Bench } from '../bench.js';
import type { FarmOptions } from '../farm.js';
import type { Round, Row } from '../report.js';
import type { Flow, Rig } from '../rig.js';

const titles: Record<string, string> = {
  grpc: 'gRPC PublishStream',
  nats: 'NATS, INGEST',
  rest: 'REST, arrays of 100',
  always: 'gRPC, FARMBELL_NATS_SYNC=always',
  all: 'gRPC, all in one process',
};
const ways = ['grpc', 'nats', 'rest'] as const;
const warmUp = 3000;

/** One webhook channel: deliveries a second from publishing to arrival, by way in and by form. */
export async function oneWebhook(bench: Bench, lines: ReadonlySet<string>): Promise<Row[]> {
  const inFarm = (line: string): FarmOptions => (line === 'always' ? { sync: 'always' } : { allInOne: true });
  const measured: Record<string, Round[]> = {};
  const apart = ways.filter((way) => lines.has(way));
  if (apart.length > 0) {
    await bench.withFarm({}, async (rig) => {
      await prepare(bench, rig, apart);
      Object.assign(measured, await bench.rounds(apart, (line) => bench.beside(rig, `a ${line}`, flowOf(bench, rig, line))));
    });
  }
  for (const line of ['always', 'all'].filter((one) => lines.has(one))) {
    await bench.withFarm(inFarm(line), async (rig) => {
      await prepare(bench, rig, ['grpc']);
      Object.assign(measured, await bench.rounds([line], () => bench.beside(rig, `a ${line}`, flowOf(bench, rig, 'grpc'))));
    });
  }
  return Object.entries(measured).map(([line, rounds]) => ({
    line: titles[line]!,
    unit: 'deliveries/s',
    work: 'delivery',
    rounds,
  }));
}

async function prepare(bench: Bench, rig: Rig, used: readonly (typeof ways)[number][]): Promise<void> {
  await rig.channel(0);
  await rig.floor(warmUp);
  for (const way of used) await rig.flow({ ...flowOf(bench, rig, way), events: warmUp });
}

const flowOf = (bench: Bench, rig: Rig, way: (typeof ways)[number]): Flow => ({
  way: way === 'rest' ? rig.ways.rest(100, 5) : rig.ways[way],
  events: bench.options.events,
});
