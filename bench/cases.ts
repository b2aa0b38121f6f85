import type { Bench } from './bench.js';
import { backlog } from './cases/backlog.js';
import { fanOut } from './cases/fan-out.js';
import { growth } from './cases/growth.js';
import { isolation } from './cases/isolation.js';
import { latency } from './cases/latency.js';
import { manyChannels } from './cases/many-channels.js';
import { oneWebhook } from './cases/one-webhook.js';
import { rest, restLines } from './cases/rest.js';
import { tenants } from './cases/tenants.js';
import type { Row } from './report.js';

interface Case {
  title: string;
  /** What may be chosen of it. */
  lines: readonly string[];
  measure: (bench: Bench, lines: ReadonlySet<string>) => Promise<Row[]>;
}

export const cases = {
  a: { title: 'one webhook channel, fan-out 1', lines: ['grpc', 'nats', 'rest', 'always', 'all'], measure: oneWebhook },
  b: { title: 'ten webhook channels, fan-out 10', lines: [], measure: fanOut },
  c: { title: '1,000 accounts with three webhook channels each', lines: ['nats', 'grpc'], measure: tenants },
  d: { title: 'many channels that the events do not concern', lines: ['account', 'spread'], measure: manyChannels },
  e: { title: 'event to arrival at 100 events a second', lines: ['rest', 'grpc'], measure: latency },
  f: { title: 'a backlog drained', lines: [], measure: backlog },
  g: { title: 'growth: 1, 10 and 100 % of the channels', lines: ['account', 'spread'], measure: growth },
  h: { title: 'publishing over REST, accepted events', lines: restLines, measure: rest },
  i: { title: 'isolation: ten healthy channels beside four in trouble', lines: [], measure: isolation },
} satisfies Record<string, Case>;

export type CaseName = keyof typeof cases;
