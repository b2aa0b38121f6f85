import { Snapshots } from '#bus';
import { type DeliveryView, type FarmEvent, notFound } from '#contracts';
import { testDatabase, testNats } from '#testing';
import { Harness } from '../harness.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.post('/v1/accounts', { body: { id: 'school' } });
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const event = {
  id: 'e1',
  type: 'job.started',
  severity: 'info',
  time: '2026-03-01T12:00:00.000Z',
  title: 'T',
  message: 'M',
  account: 'default',
} as FarmEvent;
const delivery = { id: 'd1', event_id: 'e1', channel_id: 'c1', outcome: null, attempts: [] } as unknown as DeliveryView;
const empty = { data: [], next_cursor: null };

describe('lists', () => {
  it('hand their filters to the store and its page to the reader', async () => {
    const asked: unknown[] = [];
    const note =
      <T>(answer: T) =>
      (input: unknown) => {
        asked.push(input);
        return answer;
      };
    await farm.owner('journal.event.list', note({ data: [event], next_cursor: 'n' }));
    await farm.owner('journal.delivery.list', note({ data: [delivery], next_cursor: null }));
    await farm.owner('rules.channel.get', ({ id }) => {
      if (id !== 'c1') throw notFound('channel', id);
      return { id } as never;
    });
    const events = await farm.get('/v1/events?type=job.started&printer=p1&since=2026-03-01T00:00:00Z&limit=7&cursor=abc');
    expect(events.body).toEqual({ data: [event], next_cursor: 'n' });
    expect((await farm.get('/v1/deliveries?outcome=failed', { headers: { 'farmbell-account': 'school' } })).body.data).toEqual([
      delivery,
    ]);
    expect((await farm.get('/v1/channels/c1/deliveries')).status).toBe(200);
    expect((await farm.get('/v1/channels/other/deliveries')).status).toBe(404);
    expect(asked).toEqual([
      { account: 'default', type: 'job.started', printer: 'p1', since: '2026-03-01T00:00:00Z', limit: 7, cursor: 'abc' },
      { account: 'school', outcome: 'failed', limit: 50 },
      { account: 'default', channel: 'c1', limit: 50 },
    ]);
  });

  it.each([
    ['/v1/events?limit=0', 'limit'],
    ['/v1/events?limit=501', 'limit'],
    ['/v1/events?limit=ten', 'limit'],
    ['/v1/events?limit=5&limit=6', 'limit'],
    ['/v1/events?limit=', 'limit'],
    ['/v1/events?cursor=', 'cursor'],
    ['/v1/events?type=job.exploded', 'type'],
    ['/v1/events?since=yesterday', 'since'],
    ['/v1/events?printer=%00', 'printer'],
    ['/v1/events?colour=red', 'colour'],
    ['/v1/events?__proto__=1', '__proto__'],
    ['/v1/deliveries?outcome=lost', 'outcome'],
    ['/v1/channels/c1/deliveries?channel=c2', 'channel'],
    ['/v1/event-types?limit=5', 'limit'],
    ['/v1/tokens?cursor=abc', 'cursor'],
    ['/v1/accounts?cursor=WyIyMDI2IiwiXHUwMDAwIl0', 'cursor'],
    ['/v1/rejected?account=x', 'account'],
  ])('refuse %s', async (path, fault) => {
    const answer = await farm.get(path);
    expect([answer.status, answer.body.errors?.[0].path]).toEqual([422, fault]);
  });

  it('of refusals are of the account; the admin token without a header sees all', async () => {
    const asked: unknown[] = [];
    const row = { id: 'i', at: 't', service: 'printer-ingest', subject: 's', account: 'school', errors: [], body: 'b' };
    await farm.owner('journal.rejected.list', ({ account }) => {
      asked.push(account);
      return { data: [row], next_cursor: null };
    });
    const { token } = await farm.token(['read'], 'school');
    expect((await farm.get('/v1/rejected')).body.data).toEqual([{ at: 't', subject: 's', errors: [], body: 'b' }]);
    await farm.get('/v1/rejected', { headers: { 'farmbell-account': 'default' } });
    await farm.get('/v1/rejected', { token });
    expect(asked).toEqual([null, 'default', 'school']);
  });
});

describe('one of a kind', () => {
  it('is shown, with a picture under its public address', async () => {
    await farm.owner('journal.event.get', ({ id }) => {
      if (id !== 'e1') throw notFound('event', id);
      return { ...event, snapshot: { id: 'abc', content_type: 'image/png', bytes: 9 } };
    });
    await farm.owner('journal.delivery.get', () => delivery);
    expect((await farm.get('/v1/events/e1')).body).toEqual({ ...event, snapshot: { url: 'https://farmbell.example.org/s/abc' } });
    expect((await farm.get('/v1/deliveries/d1')).body).toEqual(delivery);
    const none = await farm.get('/v1/events/e2');
    expect([none.status, none.headers.get('content-type'), none.body.detail]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
      'event e2 does not exist in this account',
    ]);
  });

  it.each(['/v1/events/%00', `/v1/events/${'x'.repeat(65)}`, '/v1/events/a%2Fb', '/v1/nothing', '/v2', '/'])(
    '%s is 404',
    async (path) => {
      const { status, body } = await farm.get(path);
      expect([status, body.status]).toEqual([404, 404]);
    },
  );

  it.each([
    ['/v1/events/%zz', 400],
    [`/v1/events/${'x'.repeat(700)}`, 414],
  ])('%s is refused', async (path, status) => {
    const answer = await farm.get(path);
    expect([answer.status, answer.body.status, answer.headers.get('content-type')]).toEqual([
      status,
      status,
      'application/problem+json; charset=utf-8',
    ]);
  });
});

describe('the types', () => {
  it('of events come whole, from the catalogue', async () => {
    const { body } = await farm.get('/v1/event-types');
    expect(body.next_cursor).toBeNull();
    expect(body.data.find((one: { type: string }) => one.type === 'job.succeeded')).toEqual({
      type: 'job.succeeded',
      category: 'job',
      severity: 'success',
      title: 'Print Complete',
      description: 'Job #142 completed on X1C.',
      vendors: { printago: 'onJobSucceeded', simplyprint: 'job.done', odin: 'print_complete', octoeverywhere: 2 },
    });
    expect(body.data.at(-1).type).toBe('custom.*');
    for (const one of body.data) expect(one.description).toMatch(/^[A-Z\d].*\.$/);
  });

  it('of channels leave out whose service is away', async () => {
    await farm.owner('slack.settings.describe', () => ({ type: 'slack', settings: { type: 'object' } }));
    expect((await farm.get('/v1/channel-types')).body).toEqual({
      data: [{ type: 'slack', settings: { type: 'object' } }],
      next_cursor: null,
    });
  });
});

describe('a snapshot', () => {
  it('is served by its id to anybody, and kept from being taken for something else', async () => {
    const png = Buffer.from('89504e470d0a1a0a00', 'hex');
    const { id } = await (await Snapshots.open(farm.bus)).put(png, 'image/png');
    const response = await fetch(`${farm.origin}/s/${id}`);
    expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=86400, immutable',
    });
  });
});

describe('readiness', () => {
  it('waits for the owners', async () => {
    await farm.ownersAway();
    const waiting = await farm.get('/readyz', { token: null });
    expect([waiting.status, waiting.body.failing]).toEqual([503, ['gateway: rules answers', 'gateway: journal answers']]);
    const away = await farm.get('/v1/events');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '2']);
    await farm.owner('journal.event.known', () => []);
    await farm.owner('rules.channel.get', ({ id }) => {
      throw notFound('channel', id);
    });
    await farm.owner('journal.event.list', () => empty);
    expect((await farm.get('/readyz', { token: null })).status).toBe(200);
  });
});
