import { setTimeout as delay } from 'node:timers/promises';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { protoPath } from '#contracts';
import { natsTarget } from '#servers';
import type { LocalProvider } from '../providers/local.js';
import { type Receiver, receiver } from '../receiver.js';

export interface Target {
  origin: string;
  token: string;
  publisherNatsUrl: string;
  /** Host and port. */
  grpc: string;
  providers: LocalProvider[];
}

const headers = (token: string) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
const roundMs = 500;
/** In UTC: quiet from an hour ago until 10 to 70 seconds from now, when the minute ends. */
const around = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
const quietNow = () => ({ enabled: true, start: around(-3600_000), end: around(70_000), timezone: 'UTC' });

/** Receivers of webhooks, one for each way in which a delivery can go. */
async function receivers(): Promise<Record<string, Receiver>> {
  let answered = 0;
  return {
    well: await receiver(),
    slow: await receiver(() => ({ delayMs: 200 })),
    broken: await receiver(() => ({ status: 500 })),
    gone: await receiver(() => ({ status: 410 })),
    // each second call: the retry of the one before
    flaky: await receiver(() => ({ status: answered++ % 2 === 0 ? 503 : 204 })),
    limited: await receiver((_, all) =>
      all.length % 5 === 0 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 204 },
    ),
    quiet: await receiver(),
  };
}

const extras = (): Record<string, object> => ({
  broken: { retry: { mode: 'once' } },
  gone: { retry: { mode: 'once' } },
  quiet: { quiet_hours: quietNow() },
});

/** Publishes one event; resolves with what is wrong with it, if anything is. */
function overGrpc(address: string, token: string) {
  // biome-ignore lint/suspicious/noExplicitAny: made from the proto file at run time
  const { farmbell } = loadPackageDefinition(loadSync(protoPath, { keepCase: true })) as any;
  const client = new farmbell.v1.EventPublisher(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const publish = (event: object) =>
    new Promise<ServiceError | null>((done) => {
      client.Publish({ event }, metadata, { deadline: Date.now() + 15_000 }, done);
    });
  return { publish, close: () => client.close() as void };
}

/**
 * A farm's minute: events by REST, gRPC and NATS, good, bad and repeated, to channels of every type, of which some fail, limit, are slow,
 * gone or quiet. What goes wrong at the API other than on purpose is thrown. Its receivers listen until what it resolves with is called.
 */
export async function load(
  { origin, token, publisherNatsUrl, grpc, providers }: Target,
  seconds: number,
): Promise<() => Promise<void>> {
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: headers(token),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const must = async (status: number, ...given: Parameters<typeof call>) => {
    const answer = await call(...given);
    if (answer.status !== status) throw new Error(`${given[0]} ${given[1]}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const all = await receivers();
  const bare = await connect(natsTarget(publisherNatsUrl));
  const js = jetstream(bare);
  const publisher = overGrpc(grpc, token);
  const take = async (event: object) => {
    const refused = await publisher.publish(event);
    if (refused) throw refused;
  };
  try {
    const more = extras();
    for (const [name, { origin: url }] of Object.entries(all))
      await must(201, 'POST', '/v1/channels', { name, type: 'webhook', events: ['job.*'], settings: { url }, ...more[name] });
    for (const { type, settings } of providers) await must(201, 'POST', '/v1/channels', { name: type, type, settings });
    const end = Date.now() + seconds * 1000;
    for (let n = 0; Date.now() < end; n++) {
      const printer = { id: `p${n % 7}` };
      const events = ['job.started', 'job.progress', 'job.failed'].map((type, i) => ({
        type,
        id: `${n}-${i}`,
        printer,
        job: { id: `${n}`, name: 'Benchy', progress: (n * 10) % 100 },
      }));
      await must(202, 'POST', '/v1/events', events);
      await must(202, 'POST', '/v1/events', { id: `${n}-0`, type: 'job.started' });
      await must(422, 'POST', '/v1/events', { type: 'job.exploded' });
      await must(404, 'GET', '/v1/events/nothing');
      await take({ id: `${n}-grpc`, type: 'job.resumed', printer });
      await take({ id: `${n}-grpc`, type: 'job.resumed', printer });
      if (!(await publisher.publish({ type: 'job.exploded' }))) throw new Error('gRPC took an event of a type that is none');
      await js.publish('farmbell.ingest.default.job.paused', JSON.stringify({ printer }));
      await js.publish('farmbell.ingest.default.job.exploded', '{}');
      await delay(roundMs);
    }
  } finally {
    publisher.close();
    await bare.close();
  }
  return async () => {
    await Promise.all(Object.values(all).map((one) => one.close()));
  };
}
