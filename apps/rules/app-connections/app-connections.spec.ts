import { Bus } from '#bus';
import { catalogue } from '#contracts';
import { type Database, newKey, readConfig } from '#runtime';
import { testDatabase, testNats } from '#testing';
import type { Channels } from '../channels.js';
import { openDatabase } from '../index.js';
import { ChannelRow } from '../rows.js';
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
  checksWebhooks(bus);
  ({ connections, channels } = await replica(bus, database));
}, 60_000);
afterAll(async () => {
  await bus?.close();
  await database?.destroy();
  await nats?.stop();
  await stored?.drop();
});
beforeEach(() => database.query('truncate app_connection, channel'));

const url = 'https://app.example.com/hook?tenantId=abc&callbackToken=secret';
const day = 86_400_000;
const at = (days: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + days * day);
const connect = (id = 'one', printer_id = 'p1') => connections.create('a', id, hashOf(id), { name: `app ${id}`, printer_id });
const all = async () => (await connections.list({ account: 'a', limit: 50 })).data;
const rows = () => database.getRepository(ChannelRow).findBy({ deleted: false });

it('keeps of a token its hash alone, and knows by it whose it is', async () => {
  const token = `fba_${'t'.repeat(43)}`;
  const made = await connections.create('a', 'one', hashOf(token), { name: 'My app', printer_id: 'x1c-3' });
  expect(made).toEqual({
    id: 'one',
    name: 'My app',
    printer_id: 'x1c-3',
    channel_id: null,
    expires_at: null,
    created_at: expect.any(String),
  });
  expect(await connections.verify(hashOf(token))).toEqual({ account: 'a', id: 'one', channel_id: null, expired: false });
  await expect(connections.verify(hashOf(`${token}x`))).rejects.toMatchObject({ status: 606 });
  const [{ whole }] = (await database.rows<{ whole: string }>('select app_connection::text as whole from app_connection')) as [
    { whole: string },
  ];
  expect(whole).not.toContain(token);
  expect(whole).toContain(Buffer.from(hashOf(token), 'base64url').toString('hex'));
});

it('makes one channel of OctoEverywhere’s format for that printer, and later changes it', async () => {
  await connect();
  await connections.set('a', 'one', webhook(url), at(0));
  const [{ channel_id, expires_at }] = (await all()) as unknown as [{ channel_id: string; expires_at: string }];
  expect(expires_at).toBe(at(180).toISOString());
  const numbered = catalogue.filter((row) => row.vendors.octoeverywhere).map((row) => row.type);
  const made = await channels.get('a', channel_id);
  expect(made).toMatchObject({
    name: 'app one',
    type: 'webhook',
    enabled: true,
    events: numbered,
    printers: ['p1'],
    settings: { url, format: 'octoeverywhere' },
    progress_every: { percent: 10, seconds: 3600 },
  });

  // what people changed stays, but what the app sets, and what the connection is
  await channels.patch('a', channel_id, { name: 'Mine', min_severity: 'warning', printers: [], settings: { format: 'odin' } });
  await channels.turn('a', channel_id, false);
  await connections.set('a', 'one', webhook('https://other.example.com/', 2, 3), at(100));
  expect(await all()).toMatchObject([{ channel_id, expires_at: at(280).toISOString() }]);
  expect(await channels.get('a', channel_id)).toMatchObject({
    name: 'Mine',
    enabled: true,
    min_severity: 'warning',
    events: ['job.succeeded', 'job.failed', 'job.cancelled'],
    printers: ['p1'],
    settings: { url: 'https://other.example.com/', format: 'octoeverywhere' },
  });
  expect(await rows()).toHaveLength(1);
});

it('refuses a URL under the name that the app gave it, and changes nothing', async () => {
  await connect();
  const refusal = { status: 422, errors: [{ path: 'WebhookUrl', message: 'begins with http://: use https://' }] };
  await expect(connections.set('a', 'one', webhook('http://x/'), at(0))).rejects.toMatchObject(refusal);
  expect([await rows(), (await all())[0]]).toEqual([[], expect.objectContaining({ channel_id: null, expires_at: null })]);
  await connections.set('a', 'one', webhook(url), at(0));
  await expect(connections.set('a', 'one', webhook('http://x/'), at(9))).rejects.toMatchObject(refusal);
  expect((await rows())[0]!.shown).toMatchObject({ url });
  expect((await all())[0]!.expires_at).toBe(at(180).toISOString());
});

it('removes the webhook, and sets one again', async () => {
  await connect();
  await expect(connections.unset('a', 'one')).rejects.toMatchObject({ status: 603 });
  await connections.set('a', 'one', webhook(url), at(0));
  await connections.unset('a', 'one', at(1));
  expect([await rows(), await all()]).toEqual([[], [expect.objectContaining({ channel_id: null, expires_at: null })]]);
  await expect(connections.unset('a', 'one', at(1))).rejects.toMatchObject({ status: 603 });
  await connections.set('a', 'one', webhook(url), at(2));
  expect(await rows()).toMatchObject([{ enabled: true }]);
});

it('has no webhook when people delete its channel, until the app sets one', async () => {
  await connect();
  await connections.set('a', 'one', webhook(url), at(0));
  const first = (await all())[0]!.channel_id!;
  await channels.delete('a', first);
  expect((await all())[0]).toMatchObject({ channel_id: null, expires_at: null });
  expect(await connections.verify(hashOf('one'), at(200))).toMatchObject({ channel_id: null, expired: false });
  await expect(connections.unset('a', 'one', at(200))).rejects.toMatchObject({ status: 603 });
  await connections.set('a', 'one', webhook(url), at(200));
  const second = (await all())[0]!.channel_id!;
  expect([second === first, (await rows()).map(({ id }) => id)]).toEqual([false, [second]]);
});

it('goes with its channel and its token', async () => {
  await connect();
  await connect('two');
  await connections.set('a', 'one', webhook(url), at(0));
  await expect(connections.delete('b', 'one')).rejects.toMatchObject({ status: 404 });
  await connections.delete('a', 'one');
  expect([await rows(), (await all()).map(({ id }) => id)]).toEqual([[], ['two']]);
  await expect(connections.verify(hashOf('one'))).rejects.toMatchObject({ status: 606 });
  await expect(connections.set('a', 'one', webhook(url))).rejects.toMatchObject({ status: 606 });
  await expect(connections.delete('a', 'one')).rejects.toMatchObject({ status: 404 });
  expect(await rows()).toEqual([]);
});

it('takes up what a call that died had made, and leaves no second channel', async () => {
  await connect();
  const dying = await replica(bus, database);
  const died = new Error('the process ends here');
  dying.channels.patch = () => Promise.reject(died);
  await expect(dying.connections.set('a', 'one', webhook('https://first.example.com/'), at(0))).rejects.toBe(died);
  // made, but of no effect: nobody was told that it was set
  expect([await rows(), await all()]).toMatchObject([[{ enabled: false }], [{ channel_id: null }]]);
  await connections.set('a', 'one', webhook(url), at(1));
  expect(await rows()).toMatchObject([{ enabled: true, shown: { url } }]);
  await connections.unset('a', 'one', at(1));
  await expect(dying.connections.set('a', 'one', webhook(url), at(2))).rejects.toBe(died);
  await connections.delete('a', 'one');
  expect(await rows()).toEqual([]);
});

it('has one channel, and the settings of one call, however many replicas set it at once', async () => {
  const others = await Promise.all([1, 2, 3].map(() => replica(bus, database)));
  for (let round = 0; round < 5; round++) {
    const id = `race-${round}`;
    await connect(id);
    const urls = others.map((_, n) => `https://r${n}.example.com/`);
    await Promise.all(others.map((one, n) => one.connections.set('a', id, webhook(urls[n]!, n + 1), at(0))));
    const made = (await rows()).filter(({ name }) => name === `app ${id}`);
    expect(made).toMatchObject([{ enabled: true, events: webhook('', urls.indexOf(made[0]!.shown.url as string) + 1).events }]);
  }
}, 60_000);

it('leaves no channel behind when it is set and deleted at once', async () => {
  const other = await replica(bus, database);
  for (let round = 0; round < 10; round++) {
    const id = `gone-${round}`;
    await connect(id);
    if (round % 2) await connections.set('a', id, webhook(url), at(0));
    const setting = other.connections.set('a', id, webhook(url), at(0)).catch((error) => error);
    await connections.delete('a', id);
    const refusal = await setting;
    if (refusal) expect(refusal).toMatchObject({ status: 606 });
  }
  expect([await rows(), await all()]).toEqual([[], []]);
}, 60_000);

it('sets the webhook although it is removed in the middle of that', async () => {
  await connect();
  await connections.set('a', 'one', webhook(url), at(0));
  const slow = await replica(bus, database);
  const patch = slow.channels.patch.bind(slow.channels);
  slow.channels.patch = async (...given) => {
    slow.channels.patch = patch;
    const patched = await patch(...given);
    await connections.unset('a', 'one', at(1));
    return patched;
  };
  await slow.connections.set('a', 'one', webhook('https://new.example.com/'), at(2));
  const left = await rows();
  expect(left).toMatchObject([{ enabled: true, shown: { url: 'https://new.example.com/' } }]);
  expect(await all()).toMatchObject([{ channel_id: left[0]!.id, expires_at: at(182).toISOString() }]);
});

it('keeps accounts apart, and lists in pages in the order in which they were made', async () => {
  for (const id of ['c', 'a', 'b']) await connect(id);
  await connections.create('b', 'other', hashOf('other'), { name: 'x', printer_id: 'p' });
  const first = await connections.list({ account: 'a', limit: 2 });
  const rest = await connections.list({ account: 'a', limit: 2, after: first.next! });
  expect([...first.data, ...rest.data].map(({ id }) => id)).toHaveLength(3);
  expect([first.data.length, rest.next]).toEqual([2, null]);
  expect(new Set([...first.data, ...rest.data].map(({ id }) => id))).toEqual(new Set(['a', 'b', 'c']));
});
