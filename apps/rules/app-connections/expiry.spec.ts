import { Bus } from '#bus';
import type { FarmEvent } from '#contracts';
import { type Database, newKey, readConfig } from '#runtime';
import { testDatabase, testNats } from '#testing';
import type { Channels } from '../channels.js';
import { openDatabase } from '../index.js';
import type { AppConnections } from './app-connections.js';
import { checksWebhooks, hashOf, replica, webhook } from './stage.js';

let stored: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let database: Database;
let bus: Bus;
let connections: AppConnections;
let channels: Channels;

beforeAll(async () => {
  [stored, nats] = await Promise.all([testDatabase(), testNats()]);
  database = await openDatabase(readConfig({ DATABASE_URL: stored.url, FARMBELL_SECRET_KEYS: newKey() }));
  bus = await Bus.connect({ url: nats.url, name: 'rules' });
  await bus.applyStreams({ dedupS: 600, retentionDays: 1 });
  checksWebhooks(bus);
  ({ connections, channels } = await replica(bus, database));
}, 60_000);
afterAll(async () => {
  await bus?.close();
  await database?.destroy();
  await nats?.stop();
  await stored?.drop();
});
let account: string;
let number = 0;
beforeEach(async () => {
  await database.query('truncate app_connection, channel, printer');
  account = `a${++number}`;
});

const day = 86_400_000;
const start = Date.parse('2026-03-01T12:00:00Z');
const at = (days: number, ms = 0) => new Date(start + days * day + ms);

async function connect(id = `c${number}`): Promise<string> {
  await connections.create(account, id, hashOf(id), { name: 'My app', printer_id: 'p1' });
  await set(id, 0);
  return id;
}
const set = (id: string, days: number) => connections.set(account, id, webhook('https://app.example.com/'), at(days));
const channelOf = async (id: string) => {
  const { data } = await connections.list({ account, limit: 50 });
  return channels.row(account, data.find((one) => one.id === id)!.channel_id!);
};

/** What was published for the account. */
async function told(): Promise<FarmEvent[]> {
  const { last_seq } = (await bus.jsm.streams.info('EVENTS')).state;
  const events: FarmEvent[] = [];
  for (let seq = 1; seq <= last_seq; seq++) events.push((await bus.jsm.streams.getMessage('EVENTS', { seq }))!.json<FarmEvent>());
  return events.filter((event) => event.account === account);
}
const types = async () => (await told()).map(({ type }) => type.replace('channel.', ''));

it('announces the end a week before, once, in words that people understand', async () => {
  const id = await connect();
  await database.query("insert into printer (account, id, name) values ($1, 'p1', 'Left one')", [account]);
  await connections.expireAndAnnounce(at(173, -1));
  expect(await told()).toEqual([]);
  for (const days of [173, 174, 179]) await connections.expireAndAnnounce(at(days));
  const channel = await channelOf(id);
  expect(await told()).toEqual([
    {
      id: `app_expiring:${id}:${Math.floor(at(180).getTime() / 1000)}`,
      type: 'channel.app_connection_expiring',
      severity: 'warning',
      time: at(173).toISOString(),
      title: 'App Connection Expiring: My app',
      message: 'An app connection of Left one expires soon.',
      account,
      printer: { id: 'p1', name: 'Left one' },
      data: {
        channel_id: channel.id,
        channel_name: 'My app',
        channel_type: 'webhook',
        app_connection_id: id,
        app_connection_name: 'My app',
        expires_at: at(180).toISOString(),
      },
    },
  ]);
  expect(channel.enabled).toBe(true);
});

it('has event ids that the API can show', async () => {
  await connect('0198f0c2-7d1e-7b3a-9f00-1234567890ab');
  await connections.expireAndAnnounce(at(175));
  expect((await told())[0]!.id).toMatch(/^[A-Za-z0-9._:-]{1,64}$/);
});

it('moves the announcement with the end when the app sets its webhook again', async () => {
  const id = await connect();
  await connections.expireAndAnnounce(at(175));
  await set(id, 176);
  for (const days of [177, 182, 348]) await connections.expireAndAnnounce(at(days));
  expect(await types()).toEqual(['app_connection_expiring']);
  await connections.expireAndAnnounce(at(349));
  const ends = (await told()).map(({ data }) => data!.expires_at);
  expect(ends).toEqual([at(180).toISOString(), at(356).toISOString()]);
});

it('announces once for all replicas, and after a crash between publishing and the mark', async () => {
  const others = await Promise.all([1, 2, 3].map(() => replica(bus, database)));
  const id = await connect();
  await Promise.all(others.map((one) => one.connections.expireAndAnnounce(at(175))));
  // as a process leaves it that ends before the mark
  await database.query('update app_connection set announced_at = null where id = $1', [id]);
  await connections.expireAndAnnounce(at(175, 5000));
  expect(await types()).toEqual(['app_connection_expiring']);
});

it('marks nothing as announced that the broker has not got', async () => {
  const id = await connect();
  const cut = Object.assign(Object.create(bus) as Bus, { publish: () => Promise.reject(new Error('no answer')) });
  const { connections: failing } = await replica(cut, database);
  await expect(failing.expireAndAnnounce(at(175))).rejects.toThrow('no answer');
  const [{ announced_at }] = (await database.rows('select announced_at from app_connection where id = $1', [id])) as [
    { announced_at: Date | null },
  ];
  expect(announced_at).toBeNull();
  await connections.expireAndAnnounce(at(175));
  expect(await types()).toEqual(['app_connection_expiring']);
});

it('disables the channel at the end, says why and what to do, and lives again when it is set', async () => {
  const id = await connect();
  await connections.expireAndAnnounce(at(175));
  expect(await connections.verify(hashOf(id), at(180, -1))).toMatchObject({ expired: false });
  await connections.expireAndAnnounce(at(180));
  await connections.expireAndAnnounce(at(180, 5000));
  const { enabled, disabled_reason, epoch } = await channelOf(id);
  expect([enabled, disabled_reason]).toEqual([
    false,
    `its app connection expired at ${at(180).toISOString()}, 180 days after the app last called SetNotificationWebhook: the app enables it by calling that again`,
  ]);
  expect(await types()).toEqual(['app_connection_expiring', 'disabled']);
  expect((await told())[1]).toMatchObject({ data: { reason: disabled_reason } });
  expect(await connections.verify(hashOf(id), at(180))).toMatchObject({ expired: true });
  await expect(connections.unset(account, id, at(181))).rejects.toMatchObject({ status: 604 });

  await set(id, 200);
  expect(await channelOf(id)).toMatchObject({ enabled: true, disabled_reason: null, epoch: epoch + 1 });
  expect(await connections.verify(hashOf(id), at(379))).toMatchObject({ expired: false });
  await connections.expireAndAnnounce(at(380));
  expect((await channelOf(id)).enabled).toBe(false);
});

it('stays disabled while it is expired, whoever enables it', async () => {
  const id = await connect();
  await connections.expireAndAnnounce(at(180));
  const { id: channel } = await channelOf(id);
  await channels.turn(account, channel, true);
  await connections.expireAndAnnounce(at(181));
  expect((await channelOf(id)).enabled).toBe(false);
});

it('tells of the end although the process died before it could', async () => {
  const id = await connect();
  const cut = Object.assign(Object.create(bus) as Bus, { publish: () => Promise.reject(new Error('no answer')) });
  const { connections: dying } = await replica(cut, database);
  await expect(dying.expireAndAnnounce(at(180))).rejects.toThrow('no answer');
  expect((await channelOf(id)).enabled).toBe(false);
  await connections.expireAndAnnounce(at(180, 5000));
  await connections.expireAndAnnounce(at(180, 9000));
  expect(await types()).toEqual(['disabled']);
});

it('enables again what expired in the same moment as the app set it', async () => {
  const id = await connect();
  const late = await replica(bus, database);
  const disable = late.channels.disable.bind(late.channels);
  late.channels.disable = async (...given) => {
    await set(id, 180);
    return disable(...given);
  };
  await late.connections.expireAndAnnounce(at(180));
  expect((await channelOf(id)).enabled).toBe(true);
  expect(await connections.verify(hashOf(id), at(300))).toMatchObject({ expired: false });
});

it('has nothing to say of a webhook that was removed, or whose channel people deleted', async () => {
  const [first, second] = [await connect('gone-1'), await connect('gone-2')];
  await connections.unset(account, first, at(1));
  await channels.delete(account, (await channelOf(second)).id);
  for (const days of [175, 180, 181]) await connections.expireAndAnnounce(at(days));
  expect(await told()).toEqual([]);
  expect(await database.rows('select expires_at from app_connection')).toEqual([{ expires_at: null }, { expires_at: null }]);
});
