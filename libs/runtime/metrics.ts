import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Gauge, type GaugeConfiguration, Registry } from 'prom-client';

const packageFile = new URL('../../../package.json', import.meta.url);
/** Of Farmbell, as its package says it. */
export const version = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;

/** The process's metrics; services declare theirs on it. Services in one process share it: each name is declared in one place. */
export const metrics = new Registry();
collectDefaultMetrics({ register: metrics });

type Told<L extends string> = Iterable<readonly [labels: Record<L, string>, value: number]>;

/**
 * A gauge that asks for its values at each scrape. What is not told any more vanishes: of a farm's replicas only the one that
 * knows a value shows it.
 */
export function atScrape<L extends string>(
  config: Omit<GaugeConfiguration<L>, 'labelNames' | 'collect' | 'registers'> & { labelNames: L[] },
  tell: () => Told<L>,
): void {
  new Gauge({
    ...config,
    registers: [metrics],
    collect() {
      this.reset();
      // a gauge without labels would be zero now
      if (config.labelNames.length === 0) this.remove();
      for (const [labels, value] of tell()) this.set(labels as never, value);
    },
  });
}

let service = 'farmbell';
/** By this name the process is known from now on. */
export const nameProcess = (name: string): void => {
  service = name;
};
atScrape(
  {
    name: 'farmbell_build_info',
    help: 'Always 1: which service this process is (farmbell: all in one), and its version',
    labelNames: ['service', 'version'],
  },
  () => [[{ service, version }, 1]],
);

const parts = new Gauge({
  name: 'farmbell_ready',
  help: 'Whether a part that this process needs answers, as /readyz says: 1 or 0',
  labelNames: ['part'],
  registers: [metrics],
});

/** All metrics as Prometheus reads them; `ready`: which parts answer. */
export async function exposition(ready: readonly (readonly [part: string, ok: boolean])[]): Promise<string> {
  parts.reset();
  for (const [part, ok] of ready) parts.set({ part }, ok ? 1 : 0);
  return metrics.metrics();
}
