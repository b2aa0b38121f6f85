import pg from 'pg';
import { Bus } from '#bus';
import { type Report, subjects } from '#contracts';
import type { Reported } from './records.js';

/** A look inside, for what no API shows: whether all has settled, and when an attempt was on record. */
export class Inside {
  private constructor(
    private readonly bus: Bus,
    private readonly databaseUrl: string,
  ) {}

  static async open(natsUrl: string, databaseUrl: string): Promise<Inside> {
    return new Inside(await Bus.connect({ url: natsUrl, name: 'chaos' }), databaseUrl);
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  /**
   * What is still under way, in words; empty when all was taken in, decided upon and sent, or waits for longer than half a minute.
   * A third attempt comes minutes after the second: what waits for one in a long run is no sign of anything.
   */
  async unsettled(): Promise<string[]> {
    const [ingest, events, deliveries, cursor, rows] = await Promise.all([
      this.bus.jsm.streams.info('INGEST'),
      this.bus.jsm.streams.info('EVENTS'),
      this.bus.jsm.streams.info('DELIVERIES'),
      this.bus.jsm.streams.getMessage('DELIVERIES', { last_by_subj: subjects.rulesCursor }),
      this.rows<{ cause: string; n: string }>(
        `select cause, count(*) as n from delivery.waiting where cause = 'backlog' or (due < now() + interval '30 s' and attempt <= 2) group by cause`,
      ),
    ]);
    const counts: [number, string][] = [
      [ingest.state.messages, 'not taken in'],
      [events.state.last_seq - Number(cursor?.string().split(':', 1)[0] ?? 0), 'not decided upon'],
      [deliveries.state.messages - (cursor ? 1 : 0), 'not sent'],
      ...rows.map(({ cause, n }): [number, string] => [Number(n), `wait for their ${cause}`]),
    ];
    return counts.filter(([n]) => n !== 0).map(([n, what]) => `${n} ${what}`);
  }

  /** The newest report: who shows it has read all before it. */
  async lastReport(): Promise<Report | undefined> {
    const { state } = await this.bus.jsm.streams.info('ATTEMPTS');
    if (state.messages === 0) return undefined;
    return (await this.bus.jsm.streams.getMessage('ATTEMPTS', { seq: state.last_seq }))?.json<Report>();
  }

  /** Deliveries with a row in the waiting table. */
  async waitingRows(): Promise<Set<string>> {
    const rows = await this.rows<{ delivery: string }>('select delivery from delivery.waiting');
    return new Set(rows.map((row) => row.delivery));
  }

  /** Every report in the ATTEMPTS stream: its message id is delivery and attempt. */
  async reported(): Promise<Reported[]> {
    const { state } = await this.bus.jsm.streams.info('ATTEMPTS');
    if (state.messages === 0) return [];
    const consumer = await this.bus.js.consumers.get('ATTEMPTS', { headers_only: true });
    const reports: Reported[] = [];
    for await (const message of await consumer.consume({ max_messages: 2000 })) {
      const [delivery = '', attempt = ''] = (message.headers?.get('Nats-Msg-Id') ?? '').split(':');
      reports.push({
        delivery,
        attempt: /^\d+$/.test(attempt) ? Number(attempt) : 'end',
        at: message.info.timestampNanos / 1e6,
      });
      if (message.info.pending === 0) break;
    }
    return reports;
  }

  private async rows<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }
}
