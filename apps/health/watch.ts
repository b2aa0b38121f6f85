import type { EntityManager } from 'typeorm';
import type { Bus, Place } from '#bus';
import { type Asks, type Report, subjects } from '#contracts';
import { countOwn } from '#intake';
import type { Database } from '#runtime';
import type { Copies } from './copies.js';
import { keptMs, ledger } from './ledger.js';
import { type Case, disableCommand, failingEvent } from './messages.js';
import { countDisabled, countWarned } from './metrics.js';
import { foundIn, type Gone } from './trouble.js';
import { defaultLimits, verdict } from './verdict.js';

/** Milliseconds since 1970; tests turn it. */
export type Clock = () => number;

type Ask = Asks['health.status'][0];
type Status = Asks['health.status'][1];

/** Counts who fails, and says who must be disabled. All that it knows lies in PostgreSQL. */
export class Watch {
  private sweptAt: number | undefined;

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly copies: Copies,
    private readonly clock: Clock,
  ) {}

  /** Records a batch of reports, the place that it reaches, and judges their channels; what follows is published before it commits. */
  async take(reports: readonly Report[], place: Place): Promise<void> {
    const now = this.clock();
    const { channels, troubles, gone } = foundIn(reports, now);
    const concerned = new Set([...troubles, ...gone].map((one) => one.channel));
    if (concerned.size === 0) return ledger.record(this.database.manager, channels, [], place);
    await this.database.transaction(async (db) => {
      await ledger.record(db, channels, troubles, place);
      await this.judge(db, [...concerned], gone, now);
    });
  }

  /** Judges the channels of deliveries whose hour has come since the last sweep; the first one looks at all. */
  async sweep(): Promise<void> {
    const now = this.clock();
    // a minute twice: a batch that was under way during the last sweep committed rows from before it
    const since = this.sweptAt === undefined ? now - keptMs : this.sweptAt - 60_000;
    await this.database.transaction(async (db) => {
      const channels = await ledger.counting(db, since, now);
      if (channels.length > 0) await this.judge(db, channels, [], now);
    });
    this.sweptAt = now;
  }

  prune(): Promise<number> {
    return ledger.prune(this.database.manager, this.clock());
  }

  private async judge(db: EntityManager, ids: readonly string[], gone: readonly Gone[], now: number): Promise<void> {
    const rows = await ledger.toJudge(db, ids);
    if (rows.length === 0) return;
    const copies = await this.copies.get(rows.map((row) => row.id));
    const cases = rows.flatMap(({ id, account, epoch, warned, last_cause }) => {
      const copy = copies.get(id);
      // deleted, or enabled or disabled anew since: what was reported is of the past
      if (copy === 'deleted' || (copy && copy.epoch > epoch)) return [];
      const limits = copy?.auto_disable ?? defaultLimits;
      const proof = gone.find((one) => one.channel === id && one.epoch === epoch);
      return [{ channel: id, account, epoch, warned, limits, cause: last_cause, gone: proof?.meaning, dead: proof?.dead, copy }];
    });
    const windows = cases.map(({ channel, epoch, limits }) => ({ channel, epoch, since: now - limits.window_h * 3600_000 }));
    const failures = await ledger.failures(db, windows, now);
    const judged = cases.map((one) => {
      const found = { ...one, failures: failures.get(one.channel) ?? 0 };
      return { found, verdict: verdict({ ...found, gone: found.gone !== undefined }) };
    });
    const of = (what: 'warn' | 'disable') => judged.filter((one) => one.verdict === what).map((one) => one.found);
    await this.publish(of('warn'), of('disable'), now);
    await ledger.mark(
      db,
      'warned_epoch',
      of('warn').map((one) => one.channel),
    );
    await ledger.mark(
      db,
      'disabled_epoch',
      of('disable').map((one) => one.channel),
    );
  }

  private async publish(warn: readonly Case[], disable: readonly Case[], now: number): Promise<void> {
    await Promise.all([
      ...disable.map(async (found) => {
        const id = `${found.channel}:${found.epoch}`;
        countDisabled(
          found.gone !== undefined,
          await this.bus.publish(subjects.disable(found.channel), disableCommand(found, now), { id }),
        );
      }),
      ...warn.map(async (found) => {
        const event = failingEvent(found, now);
        const id = `${event.account}/${event.id}`;
        const stored = await this.bus.publish(subjects.event(event.account, event.type), event, { id });
        countWarned(stored);
        countOwn(stored);
      }),
    ]);
  }

  /** How many channels were warned of in the epoch that they are still in. */
  async failing(): Promise<number> {
    const rows = await ledger.warned(this.database.manager);
    const copies = await this.copies.get(rows.map((row) => row.id));
    const present = rows.filter(({ id, epoch }) => {
      const copy = copies.get(id);
      return copy !== undefined && copy !== 'deleted' && copy.enabled && copy.epoch === epoch;
    });
    return present.length;
  }

  /** What health knows of channels, each in the epoch asked for. */
  async status({ account, channels }: Ask): Promise<Status> {
    const now = this.clock();
    const ids = channels.map((one) => one.id);
    const rows = await this.database.rows<StatusRow>(
      `select id, warned_epoch, last_success_at, last_failure_at, last_error,
         exists (select 1 from trouble where trouble.channel = channel.id and counts_at <= $3) as troubled
       from channel where account = $1 and id = any($2)`,
      [account, ids, new Date(now)],
    );
    const known = new Map(rows.map((row) => [row.id, row]));
    const troubled = channels.filter((one) => known.get(one.id)?.troubled);
    const copies = await this.copies.get(troubled.map((one) => one.id));
    const windows = troubled.map(({ id, epoch }) => {
      const copy = copies.get(id);
      const { window_h } = (copy !== 'deleted' && copy?.auto_disable) || defaultLimits;
      return { channel: id, epoch, since: now - window_h * 3600_000 };
    });
    const failures = windows.length > 0 ? await ledger.failures(this.database.manager, windows, now) : new Map<string, number>();
    return Object.fromEntries(
      channels.map(({ id, epoch }) => {
        const row = known.get(id);
        return [
          id,
          {
            failures: failures.get(id) ?? 0,
            last_success_at: row?.last_success_at?.toISOString() ?? null,
            last_failure_at: row?.last_failure_at?.toISOString() ?? null,
            last_error: row?.last_error ?? null,
            warned: row?.warned_epoch != null && Number(row.warned_epoch) === epoch,
          },
        ];
      }),
    );
  }
}

interface StatusRow {
  id: string;
  warned_epoch: string | null;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  last_error: string | null;
  troubled: boolean;
}
