import { pause } from '#bus';
import type { Database } from '#runtime';

/** Rows a statement: short locks, and a stop is never far. */
const batch = 5_000;
const roundMs = 10 * 60_000;

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
  while (!signal.aborted) {
    await forget(database, new Date(Date.now() - days * 86_400_000), signal).catch(onError);
    await pause(roundMs, signal);
  }
}
