import { createHash } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import { type Bus, Doorbell } from '#bus';
import {
  type Asks,
  type ChannelCopy,
  type Delivery,
  type FarmEvent,
  notFound,
  Problem,
  type ReplayView,
  subjects,
} from '#contracts';
import type { Database } from '#runtime';

type Ask<K extends keyof Asks> = Asks[K][0];

interface ReplayRow {
  id: string;
  account: string;
  channel: string;
  delivery: string | null;
  since: Date | null;
  until: Date;
  types: string[] | null;
  outcomes: string[] | null;
  total: number;
  done: number;
  state: ReplayView['state'];
  reached_at: Date | null;
  reached_id: string | null;
  created_at: Date;
}
interface Original {
  id: string;
  created_at: Date;
  event: FarmEvent;
  trace: string | null;
}

/** Sent out and not attempted yet at most: a chat's limit would make a storm of more, and fold it. */
const aheadOf = (type: string) => (type === 'webhook' ? 500 : 20);
const page = 100;
const everyMs = 500;
/** What nothing is heard of for so long is lost, as after a power cut: it holds nothing up any more. */
const lostAfter = '1 hour';
/** A replay of one delivery, or of a time of a channel; tests, summaries and replays themselves are not repeated. */
const chosen = `delivery.account = $1 and delivery.channel = $2 and ($3::text is null or delivery.id = $3)
  and ($4::timestamptz is null or delivery.created_at >= $4) and delivery.created_at < $5
  and ($6::text[] is null or delivery.event_type = any($6)) and ($7::text[] is null or delivery.outcome = any($7))
  and delivery.outcome is not null and delivery.replay_of is null and not delivery.test
  and exists (select 1 from event where event.account = delivery.account and event.id = delivery.event_id)`;

/** Deliveries sent anew: asked for, worked off a few at a time by whoever writes the journal, and told of. */
export class Replays {
  private readonly bell = new Doorbell();

  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly channels: KV,
  ) {}

  async create({ account, id, channel, delivery, ...of }: Ask<'journal.replay.create'>): Promise<ReplayView> {
    const copy = await this.copyOf(channel);
    if (!copy || copy.account !== account) throw notFound('channel', channel);
    if (!copy.enabled)
      throw new Problem(
        409,
        'Conflict',
        `The channel is disabled: enable it with POST /v1/channels/${channel}/enable, then replay`,
      );
    const until = of.until ?? new Date().toISOString();
    const values = [account, channel, delivery ?? null, of.since ?? null, until, of.types ?? null, of.outcomes ?? null];
    // one delivery is replayed whenever it was made, and however often
    if (delivery) values[4] = '9999-01-01T00:00:00Z';
    const [{ n } = { n: 0 }] = await this.database.rows<{ n: number }>(
      `select count(*)::int as n from delivery where ${chosen}`,
      values,
    );
    if (delivery && n === 0)
      throw new Problem(
        409,
        'Conflict',
        'Nothing to replay: it still waits, is a test or a summary, or its event is no longer kept',
      );
    await this.database.query(
      `insert into replay (id, account, channel, delivery, since, until, types, outcomes, total)
       values ($8, $1, $2, $3, $4, $5, $6, $7, $9) on conflict (id) do nothing`,
      [...values, id, n],
    );
    this.bell.ring();
    return this.get({ account, id });
  }

  async get({ account, id }: Ask<'journal.replay.get'>): Promise<ReplayView> {
    const [row] = await this.database.rows<ReplayRow>('select * from replay where account = $1 and id = $2', [account, id]);
    if (!row) throw notFound('replay', id);
    const { channel, total, done, state, created_at } = row;
    return { id, channel_id: channel, total, done, state, created_at: created_at.toISOString() };
  }

  /** What was sent out already is not taken back. */
  async stop({ account, id }: Ask<'journal.replay.stop'>): Promise<null> {
    await this.get({ account, id });
    await this.database.query(`update replay set state = 'stopped' where account = $1 and id = $2 and state = 'running'`, [
      account,
      id,
    ]);
    return null;
  }

  /** Works replays off until the signal; one process at a time. */
  async run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
    const ring = () => this.bell.ring();
    signal.addEventListener('abort', ring, { once: true });
    while (!signal.aborted) {
      let more = false;
      try {
        const rows = await this.database.rows<ReplayRow>(`select * from replay where state = 'running' order by created_at`);
        for (const row of rows) if (!signal.aborted) more = (await this.step(row)) || more;
      } catch (error) {
        onError(error);
      }
      if (!signal.aborted && !more) await this.bell.wait(everyMs);
    }
  }

  /** Some more of one replay, as far as its channel has worked off what it was given; whether there is room for more. */
  private async step(replay: ReplayRow): Promise<boolean> {
    const copy = await this.copyOf(replay.channel);
    if (!copy?.enabled) return this.end(replay, 'stopped');
    const room = aheadOf(copy.type) - (await this.underWay(replay.channel));
    if (room <= 0) return false;
    const { account, channel, delivery, since, until, types, outcomes, reached_at, reached_id } = replay;
    const limit = Math.min(page, room);
    const originals = await this.database.rows<Original>(
      `select delivery.id, delivery.created_at, event.body as event, event.trace from delivery
       join event on event.account = delivery.account and event.id = delivery.event_id
       where ${chosen} and ($8::timestamptz is null or (delivery.created_at, delivery.id) > ($8, $9))
       order by delivery.created_at, delivery.id limit $10`,
      [account, channel, delivery, since, until, types, outcomes, reached_at, reached_id, limit],
    );
    const sent = await Promise.all(originals.map((one) => this.send(replay.id, copy, one)));
    const last = originals.at(-1);
    if (last)
      await this.database.query(
        `update replay set done = least(done + $2, total), reached_at = $3, reached_id = $4, ahead = ahead || $5, ahead_at = now()
         where id = $1`,
        [replay.id, originals.length, last.created_at, last.id, sent],
      );
    return originals.length < limit ? this.end(replay, 'done') : room > limit;
  }

  /** The new delivery's id. Written again after a crash it has the id that it had: it is stored, and sent, once. */
  private async send(replay: string, copy: ChannelCopy, { id: original, event, trace }: Original): Promise<string> {
    const id = createHash('sha256').update(`${replay}/${original}`).digest('hex').slice(0, 32);
    const delivery: Delivery = {
      id,
      account: copy.account,
      channel: copy.id,
      channel_type: copy.type,
      lane: copy.lane,
      version: copy.version,
      epoch: copy.epoch,
      created_at: new Date().toISOString(),
      attempt: 1,
      replay_of: original,
      ...(trace && { trace }),
      event,
    };
    await this.bus.publish(subjects.delivery(copy.type, copy.lane, copy.id), delivery, { id });
    return id;
  }

  /**
   * How many were sent out anew to a channel, and have not been attempted. The first report of a delivery tells of an attempt or an
   * end: what fails and waits for its next attempt lies in the waiting room, where it holds nothing up.
   */
  private async underWay(channel: string): Promise<number> {
    const [row] = await this.database.rows<{ n: number }>(
      `with sent as (
         select id, ahead, array(select one from unnest(ahead) as one where not exists (select from delivery where delivery.id = one)) as unheard
         from replay where channel = $1 and ahead <> '{}' and ahead_at > now() - interval '${lostAfter}'),
       heard as (
         update replay set ahead = unheard, ahead_at = now() from sent
         where replay.id = sent.id and cardinality(unheard) < cardinality(sent.ahead))
       select coalesce(sum(cardinality(unheard)), 0)::int as n from sent`,
      [channel],
    );
    return row?.n ?? 0;
  }

  private async end({ id }: ReplayRow, state: 'done' | 'stopped'): Promise<false> {
    await this.database.query(`update replay set state = $2 where id = $1 and state = 'running'`, [id, state]);
    return false;
  }

  private async copyOf(channel: string): Promise<ChannelCopy | undefined> {
    const entry = await this.channels.get(channel);
    return entry?.operation === 'PUT' ? entry.json<ChannelCopy>() : undefined;
  }
}
