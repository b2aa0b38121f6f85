import type { ChannelType, Delivery } from '#contracts';
import { type Database, gathering } from '#runtime';
import { Fences, stillMine } from './fences.js';

/** `retry`: until its time; `limit`: likewise, as its provider asked; `backlog`: until its channel has room, in the order of `seq`. */
export type Cause = 'retry' | 'limit' | 'backlog';
export interface WaitingRow {
  seq: number;
  cause: Cause;
  due: Date | null;
  body: Delivery;
}

/** Counted in one statement: a millisecond or two, in which nobody else has that core. */
const pagesAtOnce = 100;

/** How many rows there are of each cause, and how many retries are past their time. */
export type WaitingCounts = Record<Cause | 'due', number>;

/** The waiting room: deliveries that are not due yet, or whose channel is busy. One table for every channel type. */
export class Waiting {
  readonly fences: Fences;
  /** Together with others that are stored at the same time. */
  private readonly store = gathering<{ row: WaitingRow; stored: boolean }>(async (given) => {
    const lanes = await this.putAll(given.map(({ row }) => row));
    for (const one of given) one.stored = lanes.has(one.row.body.lane);
  });
  /** Deletes one delivery's row, likewise; not that of a later attempt. */
  readonly remove = gathering<{ id: string; attempt: number }>((done) =>
    this.database.query(
      `delete from waiting using unnest($1::text[], $2::int[]) as done (delivery, attempt)
       where waiting.delivery = done.delivery and waiting.attempt <= done.attempt`,
      [done.map(({ id }) => id), done.map(({ attempt }) => attempt)],
    ),
  );

  constructor(
    private readonly database: Database,
    private readonly type: ChannelType,
    /** A lane whose rows are not stored any more: its fence is another's, or is not there. */
    private readonly onRefused: (lane: number) => void = () => {},
  ) {
    this.fences = new Fences(database, type);
  }

  /** Stores one row. False when its lane is another process's by now: the row is that one's to store. */
  async put(row: WaitingRow): Promise<boolean> {
    const one = { row, stored: false };
    await this.store(one);
    return one.stored;
  }

  /** Stores rows; one that is there already is moved to its new attempt and time. Of other processes' lanes none: which were stored. */
  async putAll(rows: WaitingRow[]): Promise<ReadonlySet<number>> {
    const columns = <T>(pick: (row: WaitingRow) => T) => rows.map(pick);
    const held = await this.database.rows<{ lane: number }>(
      `with held as (${stillMine('$1', '$11', '$12')}), stored as (
         insert into waiting (delivery, attempt, type, lane, channel, epoch, seq, due, cause, body)
         select delivery, attempt, $1, lane, channel, epoch, seq, due, cause, body
         from unnest($2::text[], $3::int[], $4::int[], $5::text[], $6::int[], $7::bigint[], $8::timestamptz[], $9::text[], $10::text[])
           as given (delivery, attempt, lane, channel, epoch, seq, due, cause, body)
         join held using (lane)
         on conflict (delivery) do update set attempt = excluded.attempt, due = excluded.due, cause = excluded.cause,
           lane = excluded.lane, body = excluded.body
         where waiting.attempt <= excluded.attempt
       )
       select lane from held`,
      [
        this.type,
        columns((r) => r.body.id),
        columns((r) => r.body.attempt),
        columns((r) => r.body.lane),
        columns((r) => r.body.channel),
        columns((r) => r.body.epoch),
        columns((r) => r.seq),
        columns((r) => r.due),
        columns((r) => r.cause),
        columns((r) => JSON.stringify(r.body)),
        ...this.fences.values,
      ],
    );
    const lanes = new Set(held.map(({ lane }) => lane));
    for (const lane of new Set(columns((r) => r.body.lane))) if (!lanes.has(lane)) this.onRefused(lane);
    return lanes;
  }

  /** Retries whose time has come: so many of each lane, its earliest first. However many there are, only these are read. */
  due(lanes: number[], ofALane: number, without: string[]): Promise<WaitingRow[]> {
    const itsEarliest = `select * from waiting where type = $1 and lane = owned.lane and cause <> 'backlog' and due <= now()
      and delivery <> all($3) order by due limit $4`;
    return this.read(`unnest($2::int[]) as owned (lane), lateral (${itsEarliest}) as earliest order by due, seq`, [
      this.type,
      lanes,
      without,
      ofALane,
    ]);
  }

  /** When the next retry that is not due yet will be. */
  async nextDue(lanes: number[]): Promise<Date | null> {
    const itsNext = `select due from waiting where type = $1 and lane = owned.lane and cause <> 'backlog' and due > now()
      order by due limit 1`;
    const [row] = await this.database.rows<{ due: Date | null }>(
      `select min(due) as due from unnest($2::int[]) as owned (lane), lateral (${itsNext}) as next`,
      [this.type, lanes],
    );
    return row?.due ?? null;
  }

  /** How many rows these lanes have, part by part of the table: who takes the parts sets the pace. */
  async *count(lanes: () => number[], without: () => string[]): AsyncGenerator<WaitingCounts> {
    const [size] = await this.database.rows<{ pages: number }>(
      `select (pg_relation_size('waiting') / current_setting('block_size')::int)::int as pages`,
    );
    for (let page = 0; page < size!.pages; page += pagesAtOnce) {
      const rows = await this.database.rows<{ cause: Cause; n: number; due: number }>(
        `select cause, count(*)::int as n, count(*) filter (where due <= now())::int as due
         from waiting where ctid >= $1::tid and ctid < $2::tid and type = $3 and lane = any($4) and delivery <> all($5) group by cause`,
        [`(${page},0)`, `(${page + pagesAtOnce},0)`, this.type, lanes(), without()],
      );
      const of = (cause: Cause) => rows.find((row) => row.cause === cause)?.n ?? 0;
      const due = rows.reduce((sum, row) => sum + row.due, 0);
      yield { backlog: of('backlog'), limit: of('limit'), retry: of('retry'), due };
    }
  }

  /** A channel's backlog in these lanes, in its order. */
  backlog(channel: string, lanes: number[], limit: number, without: string[]): Promise<WaitingRow[]> {
    const where = `channel = $1 and type = $2 and lane = any($3) and cause = 'backlog' and delivery <> all($4)`;
    return this.read(`waiting where ${where} order by seq limit $5`, [channel, this.type, lanes, without, limit]);
  }

  /** Some of a channel's rows of older epochs; of all epochs, when `epoch` is null (the channel is deleted). */
  stale(channel: string, epoch: number | null, lanes: number[], limit: number, without: string[]): Promise<WaitingRow[]> {
    const where = 'channel = $1 and ($2::int is null or epoch < $2) and type = $3 and lane = any($4) and delivery <> all($5)';
    return this.read(`waiting where ${where} order by seq limit $6`, [channel, epoch, this.type, lanes, without, limit]);
  }

  /** Channels with a backlog in these lanes, and where it begins. */
  async backlogged(lanes: number[]): Promise<{ channel: string; lane: number; seq: number }[]> {
    const rows = await this.database.rows<{ channel: string; lane: number; seq: string }>(
      `select channel, min(lane) as lane, min(seq) as seq from waiting where type = $1 and lane = any($2) and cause = 'backlog' group by channel`,
      [this.type, lanes],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
  }

  /** What waits in these lanes for another attempt than the first; what a summary stands for has had its only one, too. */
  async tried(lanes: number[]): Promise<{ id: string; attempt: number }[]> {
    const retries = await this.database.rows<{ id: string; attempt: number }>(
      'select delivery as id, attempt from waiting where type = $1 and lane = any($2) and attempt > 1',
      [this.type, lanes],
    );
    const where = `type = $1 and lane = any($2) and cause <> 'backlog' and position('"folds":[{"id"' in body) > 0`;
    const summaries = await this.read(`waiting where ${where}`, [this.type, lanes]);
    return [...retries, ...summaries.flatMap(({ body }) => (body.folds ?? []).map(({ id }) => ({ id, attempt: 2 })))];
  }

  /** Every channel that waits in these lanes. */
  async channels(lanes: number[]): Promise<string[]> {
    const rows = await this.database.rows<{ channel: string }>(
      'select distinct channel from waiting where type = $1 and lane = any($2)',
      [this.type, lanes],
    );
    return rows.map((row) => row.channel);
  }

  /**
   * Puts one row in the place of a channel's backlog: `fold` makes it from those that it stands for, in their order, or leaves
   * all as it is. In one transaction, so that no crash sends one of them beside it.
   */
  async fold(
    channel: string,
    lanes: number[],
    limit: number,
    fold: (rows: Delivery[]) => Delivery | undefined,
  ): Promise<WaitingRow | undefined> {
    return this.database.transaction(async (manager) => {
      const mine = await this.fences.held(lanes, manager);
      const rows: { seq: string; body: string }[] = await manager.query(
        `select seq, body from waiting where channel = $1 and type = $2 and lane = any($3) and cause = 'backlog'
         order by seq limit $4 for update`,
        [channel, this.type, mine, limit],
      );
      const bodies = rows.map((row) => JSON.parse(row.body) as Delivery);
      const body = fold(bodies);
      if (!body?.folds) return undefined;
      await manager.query('delete from waiting where delivery = any($1)', [body.folds.map(({ id }) => id)]);
      const first = { seq: Number(rows[0]!.seq), cause: 'retry' as const, due: new Date(), body };
      await manager.query(
        `insert into waiting (delivery, attempt, type, lane, channel, epoch, seq, due, cause, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          body.id,
          body.attempt,
          this.type,
          body.lane,
          channel,
          body.epoch,
          first.seq,
          first.due,
          first.cause,
          JSON.stringify(body),
        ],
      );
      return first;
    });
  }

  private async read(from: string, values: unknown[]): Promise<WaitingRow[]> {
    const rows = await this.database.rows<{ seq: string; cause: Cause; due: Date | null; body: string }>(
      `select seq, cause, due, body from ${from}`,
      values,
    );
    return rows.map((row) => ({ seq: Number(row.seq), cause: row.cause, due: row.due, body: JSON.parse(row.body) as Delivery }));
  }
}
