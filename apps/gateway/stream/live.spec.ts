import { subjects } from '#contracts';
import { testDatabase, testNats, until } from '#testing';
import { Harness } from '../harness.js';
import type { Listening } from './listening.js';
import { putEvent, putReport, sampleEvent } from './samples.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;
const open: Listening[] = [];
const tokens: Record<string, string> = {};

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  for (const id of ['school', 'shop']) {
    await farm.post('/v1/accounts', { body: { id } });
    tokens[id] = (await farm.token(['read'], id)).token;
  }
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await until('the streams are closed', 5000, () => farm.streams.count('school') + farm.streams.count('shop') === 0);
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const listen = async (account: string, headers: Record<string, string> = {}): Promise<Listening> => {
  const one = await farm.listen(tokens[account], headers);
  expect(one.status).toBe(200);
  open.push(one);
  return one;
};
const heard = (one: Listening, count: number) =>
  until(`${count} messages`, 10_000, () => (one.messages.length >= count ? one.messages : undefined));

it('tells each account its events and its outcomes, and nobody those of another', async () => {
  const [school, shop] = [await listen('school'), await listen('shop')];
  for (const account of ['school', 'shop', 'default']) {
    await putEvent(farm.bus, `of-${account}`, { account });
    await putReport(farm.bus, `delivery-of-${account}`, { account });
  }
  // what comes behind all of that: nothing else can come before it
  for (const account of ['school', 'shop']) {
    await putEvent(farm.bus, 'last', { account });
    await putReport(farm.bus, 'last', { account });
  }
  for (const [one, account] of [
    [school, 'school'],
    [shop, 'shop'],
  ] as const) {
    await heard(one, 4);
    expect(one.told('event')).toEqual([`of-${account}`, 'last']);
    expect(one.told('outcome')).toEqual([`delivery-of-${account}`, 'last']);
  }
});

it('shows an event as GET /v1/events/{id} does, whatever stands in it', async () => {
  const event = sampleEvent('e1', {
    account: 'school',
    title: 'Line\nbreak\r\n\r\ndata: {"x":1}\u2028',
    printer: { id: 'p1', name: '🖨 X1C' },
    snapshot: { id: 'picture-1', content_type: 'image/png', bytes: 5 },
    data: { deep: [{ id: 'event: outcome' }] },
  });
  await farm.owner('journal.event.get', () => event);
  const one = await listen('school');
  await farm.bus.publish(subjects.event('school', event.type), event);
  const [message] = await heard(one, 1);
  const shown = (await farm.get('/v1/events/e1', { token: tokens.school })).body;
  expect(shown.snapshot).toEqual({ url: 'https://farmbell.example.org/s/picture-1' });
  expect(message).toEqual({ id: expect.any(String), event: 'event', data: shown });
});

it('tells what was published over REST', async () => {
  const one = await listen('shop');
  const { token } = await farm.token(['publish'], 'shop');
  const { body } = await farm.post('/v1/events', { token, body: { type: 'custom.note', title: 'Note' } });
  const [message] = await heard(one, 1);
  expect(message).toMatchObject({ event: 'event', data: { id: body.id, type: 'custom.note', account: 'shop' } });
});

it('tells how a delivery ended: not each attempt, and not again when somebody acknowledges it', async () => {
  const one = await listen('school');
  const account = 'school';
  const at = '2026-03-01T12:00:09.000Z';
  await putReport(farm.bus, 'd1', { account, outcome: null, reason: 'timeout', next_attempt_at: at });
  await putReport(farm.bus, 'd1', { account, outcome: 'failed', reason: 'timeout', at });
  await putReport(farm.bus, 'd2', { account, acknowledged: { at, by: 'a phone' } });
  await putReport(farm.bus, 'd3', { account, outcome: null, folded_into: 'summary' });
  await putReport(farm.bus, 'summary', { account, channel_type: 'discord', event_type: 'channel.summary', event_id: 's1' });
  const messages = await heard(one, 3);
  const common = { event_id: 'event-1', event_type: 'job.failed', channel_id: 'channel-1', channel_type: 'webhook' };
  const ended = '2026-03-01T12:00:00.000Z';
  expect(messages.map(({ event, data }) => [event, data])).toEqual([
    ['outcome', { delivery_id: 'd1', ...common, outcome: 'failed', reason: 'timeout', at }],
    ['outcome', { delivery_id: 'd3', ...common, outcome: null, reason: null, at: ended, folded_into: 'summary' }],
    [
      'outcome',
      {
        delivery_id: 'summary',
        ...common,
        channel_type: 'discord',
        event_type: 'channel.summary',
        event_id: 's1',
        outcome: 'delivered',
        reason: null,
        at: ended,
      },
    ],
  ]);
});

it('passes over what is no event and no report', async () => {
  const one = await listen('school');
  for (const garbage of ['', 'null', '{', '[]', '{"id":5}', '{"account":"school","outcome":"delivered"}']) {
    await farm.bus.publish(subjects.event('school', 'x'), garbage);
    await farm.bus.publish(subjects.attempt('webhook', 'x'), garbage);
  }
  await putEvent(farm.bus, 'good', { account: 'school' });
  await putReport(farm.bus, 'good', { account: 'school' });
  await putReport(farm.bus, 'odd', { account: 'school', outcome: 'odd' as never });
  await putReport(farm.bus, 'better', { account: 'school' });
  await heard(one, 3);
  expect([one.told('event'), one.told('outcome')]).toEqual([['good'], ['good', 'better']]);
});

it('reads the broker once for all who listen, and no more when all have gone', async () => {
  const consumers = async (stream: string) => (await farm.bus.jsm.consumers.list(stream).next()).length;
  const many = await Promise.all(Array.from({ length: 5 }, () => listen('school')));
  await putEvent(farm.bus, 'for-all', { account: 'school' });
  await Promise.all(many.map((one) => heard(one, 1)));
  expect([await consumers('EVENTS'), await consumers('ATTEMPTS')]).toEqual([1, 1]);
  await Promise.all(open.splice(0).map((one) => one.close()));
  await until('nothing is read', 5000, async () => (await consumers('EVENTS')) + (await consumers('ATTEMPTS')) === 0);
});

it('is what a program needs to read it as it comes', async () => {
  const one = await listen('school');
  expect(Object.fromEntries(one.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  await until('it says when to come back, and where it stands', 5000, () => one.retry === 2000 && one.lastId !== '');
  const { text } = await farm.get('/openapi.json', { token: null });
  const documented = JSON.parse(text).paths['/v1/stream'].get;
  expect(Object.keys(documented.responses['200'].content)).toEqual(['text/event-stream']);
  expect(documented.parameters.map(({ name }: { name: string }) => name)).toContain('Last-Event-ID');
});

it('is for tokens of scope read alone', async () => {
  const { token } = await farm.token(['publish', 'manage'], 'school');
  for (const [given, status] of [
    [token, 403],
    [`fb_${'x'.repeat(43)}`, 401],
    [null, 401],
  ] as const)
    expect((await farm.get('/v1/stream', { token: given })).status).toBe(status);
  const named = await farm.get('/v1/stream', { token: tokens.school, headers: { 'farmbell-account': 'shop' } });
  expect(named.status).toBe(403);
});

it('refuses a Last-Event-ID that is none, and says what to send', async () => {
  const { status, body } = await farm.get('/v1/stream', { token: tokens.school, headers: { 'last-event-id': 'yesterday' } });
  expect([status, body.errors]).toEqual([422, [{ path: 'Last-Event-ID', message: expect.stringContaining('leave it out') }]]);
});
