import type { Bench } from '../bench.js';
import type { Row } from '../report.js';
import type { Flow } from '../rig.js';
import { loadUnconcerned, type Spread } from '../unconcerned.js';

const where: Record<Spread, string> = { account: 'in one account', spread: 'over 1,000 accounts' };
const warmUp = 1000;

/** Deliveries a second, and what an event costs rules, while the number of channels grows a hundredfold: is it flat? */
export async function growth(bench: Bench, lines: ReadonlySet<string>): Promise<Row[]> {
  const rows: Row[] = [];
  const levels = [100, 10, 1].map((part) => Math.max(1, Math.round(bench.options.channels / part)));
  for (const spread of (Object.keys(where) as Spread[]).filter((line) => lines.has(line))) {
    await bench.withFarm({}, async (rig) => {
      await rig.channel(0);
      await rig.floor(warmUp);
      const flow: Flow = { way: rig.ways.grpc, events: bench.options.events / 4 };
      let loaded = 0;
      for (const level of levels) {
        await loadUnconcerned(rig.farm, level - loaded, rig.url(1), spread);
        loaded = level;
        await rig.flow({ ...flow, events: warmUp });
        const line = `${level.toLocaleString('en-US')} channels ${where[spread]}`;
        const { [line]: rounds } = await bench.rounds([line], () => bench.beside(rig, `g ${spread} ${level}`, flow));
        rows.push({ line, unit: 'deliveries/s', work: 'delivery', rounds: rounds! });
      }
    });
  }
  return rows;
}
