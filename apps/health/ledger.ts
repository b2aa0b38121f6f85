import type { EntityManager } from 'typeorm';
import { type Place, upsertPlaces } from '#bus';
import type { ChannelRow, TroubleRow } from './trouble.js';

/** A channel that is to be judged: its row, locked. */
export interface Judged {
  id: string;
  account: string;
  epoch: number;
  warned: boolean;
  last_cause: string | null;
}

/** What to count: failures of a channel's epoch since a time (ms since 1970). */
export interface Window {
  channel: string;
  epoch: number;
  since: number;
}

/** No window is longer (contracts: 30 days), and a delivery that old has expired. */
export const keptMs = 31 * 86_400_000;

/** Health's statements. `db`: within a transaction where it matters. */
export const ledger = {
  async record(db: EntityManager, channels: readonly ChannelRow[], troubles: readonly TroubleRow[], place: Place): Promise<void> {
    const rowsOfChannels = channels.map((row) => dated(row, 'last_success_at', 'last_failure_at'));
    await db.query(upsertChannels, [JSON.stringify(rowsOfChannels), JSON.stringify([{ stream: 'ATTEMPTS', ...place }])]);
    if (troubles.length === 0) return;
    const rows = troubles.map((row) => dated(row, 'late_at', 'delivered_at', 'failed_at', 'cancelled_at'));
    await db.query(upsertTroubles, [JSON.stringify(rows)]);
  },

  /** Those of the channels that are not disabled already, locked until the transaction ends. */
  async toJudge(db: EntityManager, channels: readonly string[]): Promise<Judged[]> {
    const rows = await db.query<(Omit<Judged, 'epoch'> & { epoch: string })[]>(
      `select id, account, epoch, warned_epoch is not distinct from epoch as warned, last_cause from channel
       where id = any($1) and disabled_epoch is distinct from epoch order by id for update`,
      [channels],
    );
    return rows.map((row) => ({ ...row, epoch: Number(row.epoch) }));
  },

  /** Channels in whose present epoch a delivery began to count after `since`. */
  async counting(db: EntityManager, since: number, now: number): Promise<string[]> {
    const rows = await db.query<{ channel: string }[]>(
      `select distinct trouble.channel from trouble join channel on channel.id = trouble.channel and channel.epoch = trouble.epoch
       where counts_at > $1 and counts_at <= $2 and disabled_epoch is distinct from channel.epoch order by 1`,
      [new Date(since), new Date(now)],
    );
    return rows.map((row) => row.channel);
  },

  /** How many deliveries count, by channel; a channel without any is left out. */
  async failures(db: EntityManager, windows: readonly Window[], now: number): Promise<Map<string, number>> {
    const rows = await db.query<{ id: string; failures: number }[]>(
      `select asked.id, count(*)::int as failures
       from unnest($1::text[], $2::bigint[], $3::timestamptz[]) as asked (id, epoch, since)
       join trouble on trouble.channel = asked.id and trouble.epoch = asked.epoch and counts_at > asked.since and counts_at <= $4
       group by asked.id`,
      [
        windows.map((one) => one.channel),
        windows.map((one) => one.epoch),
        windows.map((one) => new Date(one.since)),
        new Date(now),
      ],
    );
    return new Map(rows.map((row) => [row.id, row.failures]));
  },

  /** Notes what was published for the present epoch: it is not published again. */
  async mark(db: EntityManager, done: 'warned_epoch' | 'disabled_epoch', channels: readonly string[]): Promise<void> {
    if (channels.length > 0) await db.query(`update channel set ${done} = epoch where id = any($1)`, [channels]);
  },

  /** Channels whose warning is out and that were not disabled since, as far as their last reports say; at most some thousand. */
  async warned(db: EntityManager): Promise<{ id: string; epoch: number }[]> {
    const rows = await db.query<{ id: string; epoch: string }[]>(
      'select id, epoch from channel where warned_epoch = epoch and disabled_epoch is distinct from epoch limit 5000',
    );
    return rows.map(({ id, epoch }) => ({ id, epoch: Number(epoch) }));
  },

  /** Deletes what can count nowhere any more; how many rows went. */
  async prune(db: EntityManager, now: number): Promise<number> {
    const [{ n } = { n: 0 }] = await db.query<{ n: number }[]>(
      `with old as (delete from trouble where delivery in (
         select delivery from trouble where late_at < $1 order by late_at limit 5000 for update skip locked) returning 1)
       select count(*)::int as n from old`,
      [new Date(now - keptMs)],
    );
    return n;
  },
};

/** The row with those times as ISO texts. */
function dated<R extends object>(row: R, ...times: (keyof R)[]): object {
  const texts = times.map((key) => [key, row[key] === null ? null : new Date(row[key] as number).toISOString()]);
  return { ...row, ...Object.fromEntries(texts) };
}

const laterFailure = ['last_error', 'last_cause'].map(
  (column) => `${column} = case when excluded.last_failure_at >= coalesce(held.last_failure_at, '-infinity')
      then excluded.${column} else held.${column} end`,
);

const upsertChannels = `
  with reached as (${upsertPlaces('$2')})
  insert into channel as held (id, account, epoch, last_success_at, last_failure_at, last_error, last_cause)
  select id, account, epoch, last_success_at, last_failure_at, last_error, last_cause
  from json_populate_recordset(null::channel, $1)
  on conflict (id) do update set
    epoch = greatest(held.epoch, excluded.epoch),
    last_success_at = greatest(held.last_success_at, excluded.last_success_at),
    ${laterFailure.join(', ')},
    last_failure_at = greatest(held.last_failure_at, excluded.last_failure_at)`;

const upsertTroubles = `
  insert into trouble as held (delivery, channel, epoch, late_at, blamed, delivered_at, failed_at, cancelled_at)
  select delivery, channel, epoch, late_at, blamed, delivered_at, failed_at, cancelled_at
  from json_populate_recordset(null::trouble, $1)
  on conflict (delivery) do update set
    late_at = least(held.late_at, excluded.late_at),
    blamed = held.blamed or excluded.blamed,
    delivered_at = least(held.delivered_at, excluded.delivered_at),
    failed_at = least(held.failed_at, excluded.failed_at),
    cancelled_at = least(held.cancelled_at, excluded.cancelled_at)`;
