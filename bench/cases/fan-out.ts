import type { Bench } from '../bench.js';
import type { Row } from '../report.js';

const channels = Array.from({ length: 10 }, (_, number) => number);
const warmUp = 500;

/** Ten webhook channels, each with an address of its own: deliveries a second. */
export async function fanOut(bench: Bench): Promise<Row[]> {
  return bench.withFarm({}, async (rig) => {
    await Promise.all(channels.map((number) => rig.channel(number)));
    const flow = { way: rig.ways.grpc, events: bench.options.events / 4, channelsOf: () => channels };
    await rig.floor(warmUp * channels.length);
    await rig.flow({ ...flow, events: warmUp });
    const { grpc } = await bench.rounds(['grpc'], () => bench.beside(rig, 'b', flow));
    return [{ line: 'gRPC PublishStream', unit: 'deliveries/s', work: 'delivery', rounds: grpc }];
  });
}
