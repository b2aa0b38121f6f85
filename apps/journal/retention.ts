import { every, pause } from '#bus';
import type { Database } from '#runtime';

/** Rows a statement: short locks, and a stop is never far. */
const batch = 5_000;
const roundMs = 10 * 60_000;

/** Accounts that were deleted lately: what they had is deleted in the first rounds. */
const lately = `from deleted_account gone join`;
const since = `gone.at > greatest($1, now() - interval '1 day')`;

/** `$1`: what is older goes. A delivery is as old as its last step: one that still waits stays. Replicas pass over each other's rows. */
const statements = [
  `with old as (delete from event where (account, id) in (
     select account, id from event where accepted_at < $1 limit ${batch} for update skip locked)
   returning 1)
   select count(*)::int as n from old`,
  `with old as (delete from delivery where id in (
     select id from delivery
     where created_at < $1 and coalesce(finished_at, next_attempt_at, created_at) < $1
     limit ${batch} for update skip locked)
   returning id),
   made as (delete from attempt using old where attempt.delivery = old.id)
   select count(*)::int as n from old`,
  `with old as (delete from rejected where id in (
     select id from rejected where at < $1 order by at limit ${batch} for update skip locked)
   returning 1)
   select count(*)::int as n from old`,
  `with old as (delete from event where (account, id) in (
     select event.account, event.id ${lately} event on event.account = gone.account and event.accepted_at <= gone.at
     where ${since} limit ${batch} for update of event skip locked)
   returning 1)
   select count(*)::int as n from old`,
  `with old as (delete from delivery where id in (
     select delivery.id ${lately} delivery on delivery.account = gone.account and delivery.created_at <= gone.at
     where ${since} limit ${batch} for update of delivery skip locked)
   returning id),
   made as (delete from attempt using old where attempt.delivery = old.id)
   select count(*)::int as n from old`,
  `with old as (delete from rejected where id in (
     select rejected.id ${lately} rejected on rejected.account = gone.account and rejected.at <= gone.at
     where ${since} limit ${batch} for update of rejected skip locked)
   returning 1)
   select count(*)::int as n from old`,
  `with old as (delete from replay where id in (
     select replay.id ${lately} replay on replay.account = gone.account and replay.created_at <= gone.at
     where ${since} limit ${batch} for update of replay skip locked)
   returning 1)
   select count(*)::int as n from old`,
  'with old as (delete from deleted_account where at < $1 returning 1) select count(*)::int as n from old',
];

/** Deletes all that is older than `before`, in batches; how many rows went (attempts go with their delivery, uncounted). */
export async function forget(database: Database, before: Date, signal?: AbortSignal): Promise<number> {
  let gone = 0;
  for (const statement of statements) {
    for (let full = true; full && !signal?.aborted; ) {
      const [{ n } = { n: 0 }] = await database.rows<{ n: number }>(statement, [before]);
      gone += n;
      full = n === batch;
      if (full) await pause(100, signal);
    }
  }
  return gone;
}

/** Forgets, round after round, until the signal. */
export async function forgetting(
  database: Database,
  days: number,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  await every(roundMs, () => forget(database, new Date(Date.now() - days * 86_400_000), signal), signal, onError);
}
