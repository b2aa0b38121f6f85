import { ask, type Bus, pause } from '#bus';
import { type FarmEvent, severities, subjects } from '#contracts';
import { countOwn } from '#intake';
import type { Database } from '#runtime';
import type { MatchIndex } from '../match-index.js';
import { alertsOf, digestOf, mostAlerts } from './digest.js';
import type { Quiet } from './quiet.js';

export interface Closing {
  bus: Bus;
  database: Database;
  index: MatchIndex;
  quiet: Quiet;
  /** Where the fold stands. */
  place: { seq: number };
  signal: AbortSignal;
}

/** The durable consumer by which what is held back is stored. */
export const quietReader = 'quiet';

interface Window {
  channel: string;
  starts: Date;
  ends: Date;
}

/** Closes each window in which its channel is no longer, and makes its digest; any number may do so at once. */
export async function closeEnded(closing: Closing, now: Date): Promise<void> {
  const { database, index, quiet } = closing;
  const doubted = [...taken(index.changed), ...taken(quiet.changed)];
  try {
    const windows = await database.rows<Window>(
      'select channel, starts, ends from quiet_window where closed_at is null and (ends <= $1 or account = any($2))',
      [now, doubted],
    );
    const ended: Window[] = [];
    for (const window of windows) {
      const channel = index.get(window.channel);
      const present = channel && quiet.windowOf(channel, now);
      // its end may have been moved
      if (present?.starts.getTime() !== window.starts.getTime()) ended.push(window);
      else if (present.ends.getTime() !== window.ends.getTime())
        await database.query('update quiet_window set ends = $3 where channel = $1 and starts = $2', [
          window.channel,
          window.starts,
          present.ends,
        ]);
    }
    if (ended.length > 0) await allHeld(closing);
    for (const window of ended) await close(closing, window, now);
  } catch (error) {
    for (const account of doubted) quiet.changed.add(account);
    throw error;
  }
}

function taken(accounts: Set<string>): string[] {
  const all = [...accounts];
  accounts.clear();
  return all;
}

/** Waits until every event that was accepted before now is decided, and what is held back of it stored. */
async function allHeld({ bus, place, signal }: Closing): Promise<void> {
  const { state: events } = await bus.jsm.streams.info('EVENTS');
  while (place.seq < events.last_seq && !signal.aborted) await pause(20, signal);
  const { state: queue } = await bus.jsm.streams.info('DELIVERIES');
  while (!signal.aborted) {
    const { num_pending, num_ack_pending, ack_floor } = await bus.jsm.consumers.info('DELIVERIES', quietReader);
    if (num_pending + num_ack_pending === 0 || ack_floor.stream_seq >= queue.last_seq) return;
    await pause(50, signal);
  }
  signal.throwIfAborted();
}

/** In one transaction: a window that is closed has its digest, and nothing is added to it any more. */
async function close({ database, index, quiet }: Closing, { channel: id, starts }: Window, now: Date): Promise<void> {
  const channel = index.get(id);
  if (!channel) return void (await database.query('delete from quiet_window where channel = $1', [id]));
  await database.transaction(async (manager) => {
    const [closed]: { ends: Date }[][] = await manager.query(
      `update quiet_window set closed_at = now(), ends = least(ends, $3)
       where channel = $1 and starts = $2 and closed_at is null returning ends`,
      [id, starts, now],
    );
    if (!closed?.[0] || quiet.hoursOf(channel)?.digest === false) return;
    const [row]: { name: string }[] = await manager.query('select name from channel where id = $1', [id]);
    const counts: { type: string; n: number }[] = await manager.query(
      'select type, count(*)::int as n from suppressed where channel = $1 and starts = $2 group by type order by n desc, type',
      [id, starts],
    );
    const gravest = await manager.query(
      `select type, severity, title, time from suppressed where channel = $1 and starts = $2
       order by array_position($3::text[], severity) desc, time, delivery limit $4`,
      [id, starts, severities, mostAlerts],
    );
    if (!row || counts.length === 0) return;
    const event = digestOf({
      channel: { id, name: row.name, account: channel.account, organization: channel.organization },
      window: { starts: starts.toISOString(), ends: closed[0].ends.toISOString() },
      types: Object.fromEntries(counts.map(({ type, n }) => [type, n])),
      alerts: alertsOf(gravest),
    });
    await manager.query('insert into digest (channel, starts, event) values ($1, $2, $3)', [id, starts, JSON.stringify(event)]);
  });
}

/** The broker knows a repeat for minutes; after that the journal is asked. */
const brokerKnowsS = 60;
const atOnce = 100;

/** Publishes digests that nobody was told of. One that was published when a process ended is not told again. */
export async function tellDigests({ bus, database }: Pick<Closing, 'bus' | 'database'>): Promise<void> {
  for (;;) {
    const digests = await database.rows<{ channel: string; starts: Date; event: FarmEvent; old: boolean }>(
      `select channel, starts, event, made_at < now() - make_interval(secs => $1) as old from digest
       where told_at is null order by made_at limit $2`,
      [brokerKnowsS, atOnce],
    );
    for (const { channel, starts, event, old } of digests) {
      const { account, id, type } = event;
      const known = old && (await ask(bus, 'journal.event.known', { account, ids: [id] })).length > 0;
      if (!known) countOwn(await bus.publish(subjects.event(account, type), event, { id: `${account}/${id}` }));
      await database.query('update digest set told_at = now() where channel = $1 and starts = $2', [channel, starts]);
    }
    if (digests.length < atOnce) return;
  }
}

/** A repeat of what was held back is known for so long. */
const kept = '1 day';

/** Deletes windows that were closed long ago, with all that they held. */
export const forgetOld = (database: Database): Promise<unknown> =>
  database.query(
    `delete from quiet_window w where closed_at < now() - $1::interval
       and not exists (select from digest d where d.channel = w.channel and d.starts = w.starts and d.told_at is null)`,
    [kept],
  );
