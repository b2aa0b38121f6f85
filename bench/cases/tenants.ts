import type { Bench } from '../bench.js';
import { accountOf } from '../event.js';
import { loadAccounts, loadChannels } from '../loading.js';
import type { Row } from '../report.js';
import type { Flow } from '../rig.js';

const accounts = 1000;
const channelsEach = 3;
const warmUp = 1000;
const titles = { nats: 'NATS, INGEST', grpc: 'gRPC, a PublishStream an account' };
type Line = keyof typeof titles;

/** A thousand accounts with three webhook channels each, events spread over them. */
export async function tenants(bench: Bench, lines: ReadonlySet<string>): Promise<Row[]> {
  const chosen = (Object.keys(titles) as Line[]).filter((line) => lines.has(line));
  return bench.withFarm({}, async (rig) => {
    const ids = Array.from({ length: accounts }, (_, n) => accountOf(n, accounts));
    for (const service of ['rules', 'webhook'] as const) await rig.farm.stopService(service);
    await loadAccounts(rig.farm, ids);
    const all = ids.flatMap((account, n) =>
      Array.from({ length: channelsEach }, (_, k) => ({ account, url: rig.url(n * channelsEach + k) })),
    );
    await loadChannels(rig.farm, all);
    for (const service of ['rules', 'webhook'] as const) await rig.farm.startService(service);
    const flowOf = (line: Line): Flow => ({
      way: rig.ways[line],
      accounts,
      events: bench.options.events / 2,
      channelsOf: (n) => Array.from({ length: channelsEach }, (_, k) => (n % accounts) * channelsEach + k),
    });
    await rig.floor(warmUp);
    for (const line of chosen) await rig.flow({ ...flowOf(line), events: warmUp });
    const measured = await bench.rounds(chosen, (line) => bench.beside(rig, `c ${line}`, flowOf(line)));
    return chosen.map((line) => ({ line: titles[line], unit: 'deliveries/s', work: 'delivery', rounds: measured[line] }));
  });
}
