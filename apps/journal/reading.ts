import { type Asks, type Attempt, type DeliveryView, type FarmEvent, notFound, type Page, type Rejection } from '#contracts';
import type { Database } from '#runtime';
import { Conditions, limitOf, pageOf } from './page.js';

type Ask<K extends keyof Asks> = Asks[K][0];
type Shown = Omit<DeliveryView, 'attempts' | 'created_at' | 'finished_at' | 'next_attempt_at' | 'acknowledged'> & {
  acknowledged_at: Date | null;
  acknowledged_by: string | null;
  created_at: Date;
  finished_at: Date | null;
  next_attempt_at: Date | null;
};

/** What people ask of the journal. */
export class Reading {
  constructor(private readonly database: Database) {}

  async events(ask: Ask<'journal.event.list'>): Promise<Page<FarmEvent>> {
    const where = new Conditions()
      .of(ask.account, 'accepted_at')
      .type('type', ask.type)
      .equal('printer', ask.printer)
      .equal('organization', ask.organization)
      .between('time', ask.since, ask.until)
      .after('time', ask.cursor);
    const limit = limitOf(ask.limit);
    const rows = await this.database.rows<{ id: string; time: Date; body: FarmEvent }>(
      `select id, time, body from event where ${where} order by time desc, id desc limit ${limit + 1}`,
      where.values,
    );
    return pageOf(
      rows,
      limit,
      (row) => ({ time: row.time.toISOString(), id: row.id }),
      (row) => row.body,
    );
  }

  async event({ account, id }: Ask<'journal.event.get'>): Promise<FarmEvent> {
    const where = new Conditions().of(account, 'accepted_at').equal('id', id);
    const [row] = await this.database.rows<{ body: FarmEvent }>(`select body from event where ${where}`, where.values);
    if (!row) throw notFound('Event', id);
    return row.body;
  }

  async known({ account, ids }: Ask<'journal.event.known'>): Promise<string[]> {
    const asked = ids.filter((id) => !id.includes('\0'));
    const where = new Conditions().of(account, 'accepted_at').add('id = any(?)', asked);
    const rows = await this.database.rows<{ id: string }>(`select id from event where ${where}`, where.values);
    return rows.map((row) => row.id);
  }

  async any({ since, until }: Ask<'journal.event.any'>): Promise<boolean> {
    const [row] = await this.database.rows<{ found: boolean }>(
      'select exists(select 1 from event where accepted_at >= $1 and accepted_at < $2) as found',
      [since, until],
    );
    return row!.found;
  }

  async deliveries(ask: Ask<'journal.delivery.list'>): Promise<Page<DeliveryView>> {
    const where = new Conditions()
      .of(ask.account, 'created_at')
      .equal('channel', ask.channel)
      .equal('event_id', ask.event)
      .type('event_type', ask.type)
      .between('created_at', ask.since, ask.until)
      .after('created_at', ask.cursor);
    if (ask.outcome === 'waiting') where.add('outcome is null');
    else where.equal('outcome', ask.outcome);
    const limit = limitOf(ask.limit);
    const rows = await this.database.rows<Shown>(
      `select ${shownColumns} from delivery where ${where} order by created_at desc, id desc limit ${limit + 1}`,
      where.values,
    );
    const attempts = await this.attempts(rows.slice(0, limit).map((row) => row.id));
    return pageOf(
      rows,
      limit,
      (row) => ({ time: row.created_at.toISOString(), id: row.id }),
      (row) => view(row, attempts),
    );
  }

  async delivery({ account, id }: Ask<'journal.delivery.get'>): Promise<DeliveryView> {
    const where = new Conditions().of(account, 'created_at').equal('id', id);
    const [row] = await this.database.rows<Shown>(`select ${shownColumns} from delivery where ${where}`, where.values);
    if (!row) throw notFound('Delivery', id);
    return view(row, await this.attempts([row.id]));
  }

  async rejected(ask: Ask<'journal.rejected.list'>): Promise<Page<Rejection>> {
    const where = new Conditions().after('at', ask.cursor);
    if (ask.account !== null) where.of(ask.account, 'at');
    const limit = limitOf(ask.limit);
    const rows = await this.database.rows<Omit<Rejection, 'at'> & { at: Date }>(
      `select id, at, service, subject, account, errors, body from rejected where ${where}
       order by at desc, id desc limit ${limit + 1}`,
      where.values,
    );
    return pageOf(
      rows,
      limit,
      (row) => ({ time: row.at.toISOString(), id: row.id }),
      (row) => ({ ...row, at: row.at.toISOString() }),
    );
  }

  private async attempts(deliveries: readonly string[]): Promise<Map<string, Attempt[]>> {
    const rows = await this.database.rows<Omit<Attempt, 'at'> & { delivery: string; at: Date }>(
      'select delivery, n, at, latency_ms, status, reason, answer from attempt where delivery = any($1) order by delivery, n',
      [deliveries],
    );
    const found = new Map<string, Attempt[]>();
    for (const { delivery, at, ...rest } of rows) {
      const list = found.get(delivery) ?? [];
      list.push({ ...rest, at: at.toISOString() });
      found.set(delivery, list);
    }
    return found;
  }
}

const shownColumns = `id, event_id, event_type, channel as channel_id, channel_type, outcome, reason, created_at, finished_at,
  next_attempt_at, replay_of, folded_into, acknowledged_at, acknowledged_by`;

const view = ({ acknowledged_at, acknowledged_by, ...row }: Shown, attempts: Map<string, Attempt[]>): DeliveryView => ({
  ...row,
  acknowledged: acknowledged_at && { at: acknowledged_at.toISOString(), by: acknowledged_by },
  created_at: row.created_at.toISOString(),
  finished_at: row.finished_at?.toISOString() ?? null,
  next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
  attempts: attempts.get(row.id) ?? [],
});
