import { createHash, randomUUID } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { type ChannelCopy, type Delivery, type FarmEvent, lanes } from '#contracts';
import { newSigningSecret } from '#delivery';
import { keyRing, seal } from '#runtime';
import { natsTarget } from '#servers';
import { eventOf } from './event.js';
import type { Farm } from './farm.js';
import { batches, inTurn } from './load.js';

/**
 * Accounts, channels and waiting deliveries in their thousands, put straight where their owners keep them: a POST each would
 * take longer than what is to be measured. What is written is what the owner itself would have written; the service concerned
 * must not run meanwhile, as it reads its tables at its start and hears of later changes one by one.
 */
export interface NewChannel {
  account: string;
  url: string;
  events?: string[];
  printers?: string[];
  tags?: string[];
  min_severity?: 'error';
}

const rowsAStatement = 5000;
const putsUnderWay = 500;

/** Makes webhook channels: rules' rows, and their copies in the CHANNELS bucket, as rules makes them. Their ids. */
export async function loadChannels(farm: Farm, given: readonly NewChannel[]): Promise<string[]> {
  const sealedOf = sealing(farm);
  const made = given.map((channel) => {
    const id = randomUUID();
    return { ...channel, id, lane: laneOf(id), sealed: sealedOf(channel.url) };
  });
  await withClient(farm, async (client) => {
    for (const some of batches(made, rowsAStatement)) {
      const lists = (pick: (channel: NewChannel) => unknown[] | undefined) => some.map((one) => JSON.stringify(pick(one) ?? []));
      await client.query(
        `insert into rules.channel (id, account, name, type, enabled, version, epoch, lane, events, min_severity, printers, tags,
           retry, expires_after_s, progress, auto_disable, sealed, shown, copied_version)
         select id, account, 'loaded', 'webhook', true, 1, 1, lane, events, min_severity, printers, tags, $9, $10, $11, $12, sealed, '{}', 1
         from unnest($1::text[], $2::text[], $3::int[], $4::jsonb[], $5::text[], $6::jsonb[], $7::jsonb[], $8::text[])
           as given (id, account, lane, events, min_severity, printers, tags, sealed)`,
        [
          some.map((one) => one.id),
          some.map((one) => one.account),
          some.map((one) => one.lane),
          lists((one) => one.events),
          some.map((one) => one.min_severity ?? null),
          lists((one) => one.printers),
          lists((one) => one.tags),
          some.map((one) => one.sealed),
          policy.retry,
          policy.expires_after_s,
          policy.progress,
          policy.auto_disable,
        ],
      );
    }
    await client.query('analyze rules.channel');
  });
  const copies = made.map(({ id, account, lane, sealed }): [string, string] => [
    id,
    JSON.stringify({ id, account, name: 'loaded', type: 'webhook', organization: null, ...state, lane, ...policy, sealed }),
  ]);
  await put(farm, 'CHANNELS', copies);
  return made.map((one) => one.id);
}

const state = { enabled: true, version: 1, epoch: 1 } satisfies Partial<ChannelCopy>;
const policy = {
  retry: { mode: 'backoff', attempts: 8 },
  expires_after_s: 48 * 3600,
  progress: 'post',
  progress_every: null,
  auto_disable: { failures: 10, window_h: 24 },
} satisfies Partial<ChannelCopy>;

/** Makes accounts: the gateway's rows, and their names in the ACCOUNTS bucket. */
export async function loadAccounts(farm: Farm, ids: readonly string[]): Promise<void> {
  await withClient(farm, (client) =>
    client.query(
      `insert into gateway.account (id, name, plan) select id, id, 'commercial' from unnest($1::text[]) as given (id)`,
      [ids],
    ),
  );
  await put(
    farm,
    'ACCOUNTS',
    ids.map((id) => [id, '']),
  );
}

export interface Wait {
  channel: string;
  run: number;
  /** The numbers of its events. */
  first: number;
  count: number;
  /** Until then: a retry. Without it a backlog, which is worked off as soon as its channel has room. */
  due?: Date;
}

/** Puts deliveries of a channel that makes() made into the waiting table, as libs/delivery parks them. */
export async function loadWaiting(farm: Farm, { channel, run, first, count, due }: Wait): Promise<void> {
  await withClient(farm, async (client) => {
    const found = await client.query('select lane, version, epoch from rules.channel where id = $1', [channel]);
    const { lane, version, epoch } = found.rows[0];
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    for (const some of batches(numbers, rowsAStatement)) {
      const bodies = some.map((n) => waitingDelivery(n, { channel, run, lane, version, epoch, attempt: due ? 2 : 1 }));
      await client.query(
        `insert into delivery.waiting (delivery, attempt, type, lane, channel, epoch, seq, due, cause, body)
         select id, $1, 'webhook', $2, $3, $4, seq, $5, $6, body from unnest($7::text[], $8::bigint[], $9::text[]) as given (id, seq, body)`,
        [
          due ? 2 : 1,
          lane,
          channel,
          epoch,
          due ?? null,
          due ? 'retry' : 'backlog',
          bodies.map((one) => one.id),
          some.map((n) => n + 1),
          bodies.map((one) => JSON.stringify(one)),
        ],
      );
    }
    await client.query('analyze delivery.waiting');
  });
}

type Place = Pick<Delivery, 'channel' | 'lane' | 'version' | 'epoch' | 'attempt'> & { run: number };

function waitingDelivery(n: number, { run, ...place }: Place): Delivery {
  const at = new Date().toISOString();
  const event = { ...eventOf(n, { run, accounts: 1, type: 'job.started' }), account: 'default' } as FarmEvent;
  const id = createHash('sha256').update(`${place.channel}/${event.id}`).digest('hex').slice(0, 32);
  return {
    ...place,
    id,
    account: 'default',
    channel_type: 'webhook',
    created_at: at,
    ...(place.attempt > 1 && { first_attempt_at: at }),
    event,
  };
}

/** Removes what waits for a channel. */
export const clearWaiting = (farm: Farm, channel: string): Promise<unknown> =>
  withClient(farm, (client) => client.query('delete from delivery.waiting where channel = $1', [channel]));

async function withClient<T>(farm: Farm, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(farm.databaseUrl);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function put(farm: Farm, bucket: string, entries: readonly [key: string, value: string][]): Promise<void> {
  const nc = await connect(natsTarget(farm.natsUrl));
  try {
    const kv = await new Kvm(jetstream(nc)).open(bucket);
    await inTurn(entries, putsUnderWay, async ([key, value]) => void (await kv.put(key, value)));
  } finally {
    await nc.close();
  }
}

/** Seals each address once: sealing takes longer than all the rest. */
function sealing(farm: Farm): (url: string) => string {
  const ring = keyRing(farm.keys);
  const keys = { api_key: randomUUID(), signing_secret: newSigningSecret() };
  const known = new Map<string, string>();
  return (url) => {
    const settings = { url, format: 'farmbell', success: '2xx', timeout_s: 10, ...keys };
    const sealed = known.get(url) ?? seal(ring, JSON.stringify(settings));
    known.set(url, sealed);
    return sealed;
  };
}

/** A channel's lane, as rules gives it to a webhook. */
const laneOf = (id: string) => createHash('sha256').update(id).digest().readUInt32BE(0) % lanes;
