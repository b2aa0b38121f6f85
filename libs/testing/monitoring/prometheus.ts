import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '#servers';
import { until } from '../until.js';

export interface Series {
  metric: Record<string, string>;
  /** Time and value. */
  value: [number, string];
}

export interface Prometheus {
  query(expr: string): Promise<Series[]>;
  /** Waits until it has scraped the target so often. */
  scraped(times: number): Promise<void>;
  stop(): Promise<void>;
}

const rules = fileURLToPath(new URL('../../../../k8s/monitoring/prometheus-rules.yml', import.meta.url));
const startMs = 30_000;

/** Starts the program on a free port, with the alerts of k8s/monitoring, scraping one target each second. */
export async function startPrometheus(program: string, folder: string, target: string): Promise<Prometheus> {
  const port = await freePort();
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '5s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'farmbell', static_configs: [{ targets: [target] }] }],
  };
  const file = join(folder, 'prometheus.json');
  // YAML reads JSON
  await writeFile(file, JSON.stringify(config));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const origin = `http://127.0.0.1:${port}`;
  const query = async (expr: string): Promise<Series[]> => {
    const answer = await fetch(`${origin}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expr }) });
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data?: { resultType: string; result: Series[] };
    };
    if (status !== 'success' || data === undefined) throw new Error(`Prometheus refuses ${expr}: ${error}`);
    return data.result;
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  const scraped = async (times: number) => {
    await until(`Prometheus has scraped ${target} ${times} times`, startMs + times * 3000, async () => {
      const [found] = await query('sum(count_over_time(up[10m]))');
      return Number(found?.value[1] ?? 0) >= times;
    });
  };
  try {
    await scraped(1);
  } catch (error) {
    await stop();
    throw error;
  }
  return { query, scraped, stop };
}
