/** Runs a farm under a mixed load and a Prometheus, and asks every query of every panel and alert: `.ci/monitoring`. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { channelTypes } from '#contracts';
import { newKey } from '#runtime';
import { freePort } from '#servers';
import { startProviders } from '../providers/local.js';
import { endServices, serviceProcess } from '../service-process.js';
import { until } from '../until.js';
import { load } from './load.js';
import { type Prometheus, startPrometheus } from './prometheus.js';
import { alerts, dashboards, filledIn, panelQueries, type Query, selectorsOf, withoutThresholds, written } from './queries.js';

const { values } = parseArgs({ options: { prometheus: { type: 'string' }, seconds: { type: 'string', default: '75' } } });
if (values.prometheus === undefined) throw new Error('usage: main.js --prometheus <program> [--seconds 75]');
const token = 'monitoring-admin-token-0123456789';
/** Rates of a run that is over after a minute. */
const interval = '30s';

const webhook = 'type="webhook"';
/** What the load must have brought about, before anything is asked. */
const happened: Record<string, string> = {
  ...Object.fromEntries(
    channelTypes.map((type) => [`delivered on ${type}`, `farmbell_deliveries_total{type="${type}", outcome="delivered"}`]),
  ),
  'failed for good': `sum(farmbell_deliveries_total{${webhook}, outcome="failed"})`,
  'been held back by quiet hours': `farmbell_deliveries_total{${webhook}, outcome="suppressed", reason="quiet"}`,
  'found a destination gone': `farmbell_channels_disabled_total{cause="gone"}`,
  'disabled a channel': `farmbell_channels_disabled_total{cause="failures"}`,
  ...Object.fromEntries(
    ['first', 'retry', 'limit', 'quiet'].map((cause) => [
      `arrived with the cause ${cause}`,
      `sum(farmbell_event_to_arrival_seconds_count{cause="${cause}"})`,
    ]),
  ),
  'met a limit': `sum(farmbell_provider_pauses_total)`,
  'repeated an event': 'farmbell_events_total{way="rest", result="duplicate"}',
  'been rejected over REST': 'farmbell_events_total{way="rest", result="rejected"}',
  'been rejected over NATS': 'farmbell_events_total{way="nats", result="rejected"}',
  ...Object.fromEntries(
    ['accepted', 'duplicate', 'rejected'].map((result) => [
      `been ${result} over gRPC`,
      `farmbell_events_total{way="grpc", result="${result}"}`,
    ]),
  ),
  'been taken in over NATS': 'farmbell_events_total{way="nats", result="accepted"}',
  'filled the streams': 'farmbell_stream_messages{stream="REJECTED"}',
};

interface Asked {
  from: string;
  expr: string;
  series: number;
  value: string;
}

/** A number that a person can read; of several series the one with the greatest value. */
function shown(values: string[]): string {
  const numbers = values.map(Number).filter((value) => !Number.isNaN(value));
  if (numbers.length === 0) return values[0] ?? '-';
  return String(Number(Math.max(...numbers).toPrecision(4)));
}

async function ask({ query }: Prometheus, from: string, expr: string): Promise<Asked> {
  const found = await query(expr);
  return { from, expr, series: found.length, value: shown(found.map(({ value }) => value[1])) };
}

const folder = await mkdtemp(join(tmpdir(), 'farmbell-monitoring-'));
// as root, PostgreSQL's user must be able to enter it
await chmod(folder, 0o755);
const dataDir = join(folder, 'data');
const providers = await startProviders(() => {});
let prometheus: Prometheus | undefined;
const ends: (() => Promise<unknown>)[] = [
  ...providers.map((one) => () => one.close()),
  () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
];
try {
  const grpcPort = await freePort();
  const farm = await serviceProcess('all', {
    FARMBELL_DATA_DIR: dataDir,
    FARMBELL_ADMIN_TOKEN: token,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
    FARMBELL_GRPC_PORT: String(grpcPort),
    FARMBELL_NATS_PORT: String(await freePort()),
    ...Object.fromEntries(providers.map(({ type, origin }) => [`FARMBELL_${type.toUpperCase()}_ORIGIN`, origin])),
  });
  ends.unshift(() => farm.end('SIGTERM'));
  prometheus = await startPrometheus(values.prometheus, folder, `127.0.0.1:${farm.port}`);
  ends.unshift(prometheus.stop);
  const publisherNatsUrl = (await readFile(join(dataDir, 'publisher-nats-url'), 'utf8')).trim();
  const target = { origin: `http://127.0.0.1:${farm.port}`, token, publisherNatsUrl, grpc: `127.0.0.1:${grpcPort}`, providers };
  ends.push(await load(target, Number(values.seconds)));
  for (const [what, expr] of Object.entries(happened))
    await until(`the load has ${what}`, 60_000, async () => (await prometheus!.query(`${expr} > 0`)).length > 0);

  const queries: Query[] = [
    ...dashboards().flatMap((board) => panelQueries(board).map((one) => ({ ...one, expr: filledIn(one.expr, interval) }))),
    ...alerts().map(({ alert, expr }) => ({ from: `alert ${alert}`, expr: withoutThresholds(expr) })),
  ];
  const asked: Asked[] = [];
  for (const { from, expr } of queries) asked.push(await ask(prometheus, from, expr));
  // of what a query joins or leaves out, each part must be there too
  const parts = new Map(queries.flatMap(({ from, expr }) => selectorsOf(expr).map((one) => [written(one), from] as const)));
  const missing: Asked[] = [];
  for (const [expr, from] of parts) {
    if (expr.startsWith('ALERTS')) continue;
    const found = await ask(prometheus, from, expr);
    if (found.series === 0) missing.push(found);
  }
  const firing = await prometheus.query('ALERTS');

  process.stdout.write('| asked by | query | series | value |\n| --- | --- | --- | --- |\n');
  for (const { from, expr, series, value } of asked)
    process.stdout.write(`| ${from} | \`${expr.replaceAll('|', '\\|')}\` | ${series} | ${value} |\n`);
  const states = firing.map(({ metric }) => `${metric.alertname} (${metric.alertstate})`);
  process.stdout.write(`\nAlerts at the end: ${states.join(', ') || 'none'}\n`);
  const empty = [...asked.filter(({ series }) => series === 0), ...missing];
  const kinds = `${asked.length} queries, and of ${parts.size} selections in them`;
  process.stdout.write(empty.length > 0 ? `${empty.length} of ${kinds} found nothing\n` : `each of ${kinds}, found data\n`);
  for (const { from, expr } of empty) process.stderr.write(`no data: ${from}: ${expr}\n`);
  process.exitCode = empty.length > 0 ? 1 : 0;
} finally {
  for (const end of ends) await end().catch(() => {});
  endServices();
}
