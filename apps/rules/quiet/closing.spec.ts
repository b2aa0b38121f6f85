import { Bus, consume } from '#bus';
import { type FarmEvent, type QuietHours, type Report, subjects } from '#contracts';
import { type Database, newKey, readConfig } from '#runtime';
import { testDatabase, testNats, until } from '#testing';
import { fold } from '../fold.js';
import { openDatabase } from '../index.js';
import type { Matchable } from '../match.js';
import { MatchIndex } from '../match-index.js';
import { type Closing, closeEnded, forgetOld, quietReader, tellDigests } from './closing.js';
import { type Held, hold } from './hold.js';
import { Quiet } from './quiet.js';

let stored: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let database: Database;
let bus: Bus;
beforeAll(async () => {
  [stored, nats] = await Promise.all([testDatabase(), testNats()]);
  database = await openDatabase(readConfig({ DATABASE_URL: stored.url, FARMBELL_SECRET_KEYS: newKey() }));
  bus = await Bus.connect({ url: nats.url, name: 'rules' });
  await bus.applyStreams({ dedupS: 600, retentionDays: 30 });
});
afterAll(async () => {
  await bus?.close();
  await database?.destroy();
  await nats?.stop();
  await stored?.drop();
});

const minute = (at: number) => new Date(at).toISOString().slice(11, 16);
/** A window that holds now and ends in two hours. */
const now = Date.now();
const hours: QuietHours = {
  enabled: true,
  start: minute(now - 3600_000),
  end: minute(now + 7200_000),
  timezone: 'UTC',
  days: [],
  digest: true,
  allow_severity: 'critical',
};
const later = new Date(now + 7200_000);

/** A replica that folds and stores what is held back, over a few quiet channels of its own account. */
async function replica(account: string, channels: string[], settings: QuietHours = hours) {
  const index = new MatchIndex(database);
  for (const id of channels) {
    await database.query(
      `insert into channel (id, account, name, type, enabled, version, epoch, lane, events, printers, tags, retry, expires_after_s,
         progress, auto_disable, sealed, shown)
       values ($1, $2, 'Night', 'webhook', true, 1, 1, 3, '[]', '[]', '[]', '{}', 60, 'post', '{}', '', '{}') on conflict do nothing`,
      [id, account],
    );
    await index.refresh([id]);
    index.put({ ...(index.get(id) as Matchable), quiet_hours: settings });
  }
  const quiet = new Quiet({ all: async () => [], ofAccount: async () => [] });
  const stopping = new AbortController();
  const closing: Closing = { bus, database, index, quiet, place: { seq: 0 }, signal: stopping.signal };
  const reading = {
    stream: 'DELIVERIES' as const,
    durable: quietReader,
    filter: subjects.quiet('*'),
    signal: stopping.signal,
  };
  const running = Promise.all([fold(closing), consume<Held>(bus, reading, (messages) => hold(bus, database, messages))]);
  return {
    closing,
    index,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

const publish = (account: string, id: string, more: Partial<FarmEvent> = {}) => {
  const event = {
    id,
    type: 'job.failed',
    severity: 'error',
    time: new Date().toISOString(),
    title: id,
    message: '',
    account,
    ...more,
  };
  return bus.publish(subjects.event(account, event.type), event, { id: `${account}/${id}` });
};

/** What a stream keeps on a subject. */
async function kept<T>(stream: string, filter: string): Promise<T[]> {
  const found: T[] = [];
  for (let seq = 1; ; ) {
    const message = await bus.jsm.direct.getMessage(stream, { seq, next_by_subj: filter });
    if (!message) return found;
    found.push(message.json<T>());
    seq = message.seq + 1;
  }
}
const digests = (account: string) => kept<FarmEvent>('EVENTS', subjects.event(account, 'channel.digest'));
const suppressedOf = (channel: string) => kept<Report>('ATTEMPTS', subjects.attempt('webhook', channel));
const open = (channel: string) => database.rows('select from quiet_window where channel = $1 and closed_at is null', [channel]);

it('holds back what comes in a window, and makes one digest of it however many close it at once', async () => {
  const { closing, stop } = await replica('one', ['q1', 'q2']);
  for (let n = 0; n < 60; n++) await publish('one', `e${n}`, n === 7 ? { type: 'job.progress', severity: 'info' } : {});
  await publish('one', 'grave', { type: 'detection.spaghetti', severity: 'critical' });
  await until('all are suppressed', 20_000, async () => (await suppressedOf('q1')).length === 59);
  expect(new Set((await suppressedOf('q1')).map(({ outcome, event_id }) => `${outcome} ${event_id}`)).size).toBe(59);
  expect(await kept('DELIVERIES', 'farmbell.delivery.webhook.3.q1')).toMatchObject([{ event: { id: 'grave' } }]);

  await closeEnded(closing, new Date());
  await tellDigests(closing);
  expect(await digests('one')).toEqual([]);

  await Promise.all([1, 2, 3].map(() => closeEnded(closing, later)));
  await Promise.all([1, 2, 3].map(() => tellDigests(closing)));
  const told = await digests('one');
  expect(told.map(({ data }) => data?.channel_id).sort()).toEqual(['q1', 'q2']);
  for (const { data } of told) {
    expect(data).toMatchObject({ count: 59, types: { 'job.failed': 59 } });
    expect(data?.lines).toHaveLength(50);
  }
  await closeEnded(closing, new Date(later.getTime() + 86_400_000));
  await tellDigests(closing);
  expect(await digests('one')).toHaveLength(2);

  // and the digest itself is due at its channel alone, quiet or not
  const due = () => kept<{ event: FarmEvent }>('DELIVERIES', 'farmbell.delivery.webhook.3.q2');
  await until('the digest is due', 10_000, async () => (await due()).length === 2);
  expect((await due()).map(({ event }) => event.type)).toEqual(['detection.spaghetti', 'channel.digest']);
  await stop();
});

it('gives what comes for a window that is closed already at once, but not what it held before', async () => {
  const { closing, stop } = await replica('two', ['l1']);
  await publish('two', 'held');
  await until('it is suppressed', 10_000, async () => (await suppressedOf('l1')).length === 1);
  const [{ delivery }] = (await suppressedOf('l1')) as [Report];
  await closeEnded(closing, later);
  const window = (await database.rows<{ starts: Date; ends: Date }>("select * from quiet_window where channel = 'l1'"))[0]!;
  const body = (id: string): Held => ({
    ...{ id, account: 'two', channel: 'l1', channel_type: 'webhook', lane: 3, version: 1, epoch: 1, attempt: 1 },
    created_at: new Date().toISOString(),
    window: { starts: window.starts.toISOString(), ends: window.ends.toISOString() },
    event: {
      id: 'late',
      type: 'job.failed',
      severity: 'error',
      time: new Date().toISOString(),
      title: 't',
      message: '',
      account: 'two',
    },
  });
  await hold(bus, database, [{ body: body('too-late') }, { body: body(delivery) }]);
  expect(await kept('DELIVERIES', 'farmbell.delivery.webhook.3.l1')).toMatchObject([{ id: 'too-late' }]);
  await stop();
});

it('ends a window when its quiet hours are turned off or its end is moved, and tells it then', async () => {
  const { closing, index, stop } = await replica('three', ['m1', 'm2']);
  await publish('three', 'held');
  await until('it is suppressed', 10_000, async () => (await suppressedOf('m2')).length === 1);
  await closeEnded(closing, new Date());
  const put = (id: string, settings: QuietHours) => {
    const present = index.get(id)!;
    index.put({ ...present, version: present.version + 1, quiet_hours: settings });
  };
  put('m1', { enabled: false, days: [], digest: true, allow_severity: 'critical' });
  put('m2', { ...hours, end: minute(now + 3 * 3600_000) });
  await closeEnded(closing, new Date());
  await tellDigests(closing);
  expect((await digests('three')).map(({ data }) => data?.channel_id)).toEqual(['m1']);
  await closeEnded(closing, later);
  expect(await open('m2')).toHaveLength(1);
  await stop();
});

it('makes no digest where none is wished, and forgets a deleted channel and what is old', async () => {
  const { closing, index, stop } = await replica('four', ['n1', 'n2'], { ...hours, digest: false });
  await publish('four', 'held');
  await until('it is suppressed', 10_000, async () => (await suppressedOf('n2')).length === 1);
  index.drop('n2');
  await closeEnded(closing, later);
  await tellDigests(closing);
  expect([await digests('four'), await open('n1')]).toEqual([[], []]);
  const rows = () => database.rows<{ channel: string }>("select channel from suppressed where channel in ('n1', 'n2')");
  expect(await rows()).toEqual([{ channel: 'n1' }]);
  await forgetOld(database);
  expect(await rows()).toHaveLength(1);
  await database.query("update quiet_window set closed_at = now() - interval '2 days' where channel = 'n1'");
  await forgetOld(database);
  expect(await rows()).toEqual([]);
  await stop();
});

it('does not tell again what was published before a crash, also when the broker has forgotten it', async () => {
  const { closing, stop } = await replica('five', ['p1']);
  await publish('five', 'held');
  await until('it is suppressed', 10_000, async () => (await suppressedOf('p1')).length === 1);
  await closeEnded(closing, later);
  await tellDigests(closing);
  expect(await digests('five')).toHaveLength(1);
  const asked: unknown[] = [];
  const journal = bus.nc.subscribe(subjects.ask('journal.event.known'), {
    callback: (_, message) => {
      asked.push(message.json());
      message.respond(JSON.stringify({ value: (message.json() as { ids: string[] }).ids }));
    },
  });
  await bus.jsm.streams.purge('EVENTS', { filter: subjects.event('five', 'channel.digest') });
  await database.query("update digest set told_at = null, made_at = now() - interval '1 hour' where channel = 'p1'");
  await tellDigests(closing);
  expect(asked).toHaveLength(1);
  expect(await digests('five')).toEqual([]);
  expect(await database.rows('select from digest where told_at is null')).toEqual([]);
  journal.unsubscribe();
  await stop();
});
