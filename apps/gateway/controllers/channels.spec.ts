import pg from 'pg';
import { type ChannelView, Problem, type Report } from '#contracts';
import { testDatabase, testNats } from '#testing';
import { type Asked, Harness } from '../harness.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

const secret = 'whsec_c2VjcmV0LW9mLXRoZS10ZXN0cw==';
const view = (more: Partial<ChannelView> = {}): ChannelView => ({
  id: 'c1',
  account: 'default',
  name: 'Alerts',
  type: 'discord',
  enabled: true,
  organization: null,
  events: [],
  min_severity: null,
  printers: [],
  tags: [],
  quiet_hours: null,
  settings: { url: '***' },
  retry: { mode: 'backoff', attempts: 5 },
  expires_after_s: 3600,
  progress: 'edit',
  progress_every: { percent: 10, seconds: 3600 },
  auto_disable: { failures: 10, window_h: 24 },
  disabled_reason: null,
  epoch: 3,
  created_at: '2026-03-01T12:00:00.000Z',
  updated_at: '2026-03-01T12:00:00.000Z',
  ...more,
});
const healthy = { failures: 0, last_success_at: null, last_failure_at: null, last_error: null, warned: false };
const create = (body: object, more: Asked = {}) => farm.post('/v1/channels', { body, ...more });
const webhook = { name: 'Hook', type: 'webhook', settings: { url: 'https://example.org/hook' } };

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.post('/v1/accounts', { body: { id: 'hobbyist' } });
});
beforeEach(async () => {
  await farm.owner('health.status', ({ channels }) => Object.fromEntries(channels.map(({ id }) => [id, healthy])));
  await farm.owner('rules.channel.get', ({ account, id }) => view({ id, account, type: 'webhook' }));
  await farm.owner('rules.channel.create', ({ account, id, channel }) => ({
    channel: view({ id, account, name: channel.name, type: channel.type }),
    generated: (channel.type === 'webhook' ? { signing_secret: secret } : {}) as Record<string, string>,
  }));
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

describe('making a channel', () => {
  it('answers 201 with the channel, and what was generated, once', async () => {
    const { status, body } = await create(webhook);
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Hook',
      type: 'webhook',
      enabled: true,
      organization: null,
      events: [],
      min_severity: null,
      printers: [],
      tags: [],
      settings: { url: '***', signing_secret: secret },
      retry: { mode: 'backoff', attempts: 5 },
      expires_after_s: 3600,
      progress: 'edit',
      progress_every: { percent: 10, seconds: 3600 },
      quiet_hours: null,
      auto_disable: { failures: 10, window_h: 24 },
      status: { state: 'healthy', reason: null, failures: 0, last_success_at: null, last_failure_at: null, last_error: null },
      created_at: '2026-03-01T12:00:00.000Z',
      updated_at: '2026-03-01T12:00:00.000Z',
    });
    expect((await farm.get(`/v1/channels/${body.id}`)).text).not.toContain(secret);
  });

  it('makes the id from the Idempotency-Key; a repeat shows the same, and no secret lies in the database', async () => {
    const headers = { 'idempotency-key': 'channel-1' };
    const first = await create(webhook, { headers });
    const again = await create(webhook, { headers });
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([201, first.body, 'true']);
    const elsewhere = await create({ ...webhook, type: 'slack' }, { headers: { ...headers, 'farmbell-account': 'hobbyist' } });
    expect(elsewhere.body.id).not.toBe(first.body.id);
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query('select status, answer from gateway.idempotency');
    await client.end();
    expect(rows.map(({ status }) => status)).toEqual([201, 201]);
    expect(JSON.stringify(rows)).not.toContain('whsec_');
  });

  it('needs the plan commercial for webhooks', async () => {
    const headers = { 'farmbell-account': 'hobbyist' };
    const refused = await create(webhook, { headers });
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('"plan": "commercial"')]);
    expect((await create({ ...webhook, type: 'discord' }, { headers })).status).toBe(201);
    expect((await farm.post('/v1/channels/c1/enable', { headers })).status).toBe(403);
  });

  it("hands on the owner's refusal with its paths", async () => {
    await farm.owner('rules.channel.create', () => {
      throw new Problem(422, 'Unprocessable content', 'no', [{ path: 'settings.url', message: 'must be https' }]);
    });
    const { status, body } = await create(webhook);
    expect([status, body.errors]).toEqual([422, [{ path: 'settings.url', message: 'must be https' }]]);
  });

  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  it.each([
    ['no body', '', 400, undefined],
    ['no JSON', '{', 400, undefined],
    ['an array', '[]', 422, ''],
    ['nothing', '{}', 422, 'name'],
    ['an unknown type', JSON.stringify({ ...webhook, type: 'pager' }), 422, 'type'],
    ['an unknown event', JSON.stringify({ ...webhook, events: ['job.*', 'nope'] }), 422, 'events[1]'],
    ['an unknown key', JSON.stringify({ ...webhook, colour: 1 }), 422, 'colour'],
    ['settings that are none', JSON.stringify({ ...webhook, settings: 'x' }), 422, 'settings'],
    [
      'settings 100,000 deep',
      JSON.stringify(webhook).replace(/"settings":.*/, `"settings":${deep}}`),
      422,
      expect.stringMatching(/^settings\.a/),
    ],
    ['__proto__', '{"name": "x", "type": "slack", "settings": {}, "__proto__": {}}', 422, '__proto__'],
    ['a null character in settings', JSON.stringify({ ...webhook, settings: { url: 'a\0' } }), 422, 'settings.url'],
    ['more than 512 KiB', JSON.stringify({ ...webhook, settings: { url: 'x'.repeat(520 * 1024) } }), 413, undefined],
  ])('refuses %s', async (_, raw, status, path) => {
    let asked = 0;
    await farm.owner('rules.channel.create', ({ account, id }) => {
      asked++;
      return { channel: view({ account, id }), generated: {} };
    });
    const answer = await farm.post('/v1/channels', { raw });
    expect([answer.status, answer.body.errors?.[0].path, asked]).toEqual([status, path, 0]);
  });
});

describe('a channel', () => {
  it.each([
    ['disabled', view({ enabled: false, disabled_reason: 'HTTP 410' }), { ...healthy, failures: 10 }, 'HTTP 410', 10],
    ['failing', view(), { ...healthy, warned: true, failures: 5 }, '5 deliveries failed lately', 5],
    ['healthy', view(), healthy, null, 0],
  ])('is %s by what rules and health say', async (state, row, health, reason, failures) => {
    await farm.owner('rules.channel.get', () => row);
    await farm.owner('health.status', () => ({ c1: health }));
    const { body } = await farm.get('/v1/channels/c1');
    expect(body.status).toMatchObject({ state, reason, failures });
  });

  it('shows with failures null while health is away', async () => {
    await farm.ownersAway();
    await farm.owner('rules.channel.get', () => view());
    const { status, body } = await farm.get('/v1/channels/c1');
    expect([status, body.status.state, body.status.failures]).toEqual([200, 'healthy', null]);
  });

  it('answers each change with the channel', async () => {
    await farm.owner('rules.channel.patch', ({ patch }) => ({ channel: view({ name: patch.name ?? '' }), generated: {} }));
    await farm.owner('rules.channel.enable', () => view());
    await farm.owner('rules.channel.disable', () => view({ enabled: false, disabled_reason: 'by a person' }));
    await farm.owner('rules.channel.rotate-key', () => ({ channel: view(), generated: { api_key: 'new-key' } }));
    await farm.owner('rules.channel.delete', () => null);
    expect((await farm.send('PATCH', '/v1/channels/c1', { body: { name: 'New' } })).body).toMatchObject({ name: 'New' });
    expect((await farm.send('PATCH', '/v1/channels/c1', { body: { type: 'slack' } })).body.errors[0].path).toBe('type');
    expect((await farm.post('/v1/channels/c1/enable')).body.status.state).toBe('healthy');
    expect((await farm.post('/v1/channels/c1/disable', { body: {} })).body.status).toMatchObject({
      state: 'disabled',
      reason: 'by a person',
    });
    expect((await farm.post('/v1/channels/c1/rotate-key')).body.settings).toEqual({ url: '***', api_key: 'new-key' });
    expect((await farm.post('/v1/channels/c1/enable', { body: { x: 1 } })).body.errors[0].path).toBe('x');
    const gone = await farm.send('DELETE', '/v1/channels/c1');
    expect([gone.status, gone.text]).toEqual([204, '']);
  });

  it('lists in pages, each once, although many were made in the same millisecond', async () => {
    const all = Array.from({ length: 7 }, (_, n) => view({ id: `c${n}` }));
    await farm.owner('rules.channel.list', ({ after, limit }) => {
      const rest = all.filter(({ id }) => !after || id > after.id);
      return { channels: rest.slice(0, limit), more: rest.length > limit };
    });
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const { body }: { body: { data: { id: string }[]; next_cursor: string | null } } = await farm.get(
        `/v1/channels?limit=3${next ? `&cursor=${next}` : ''}`,
      );
      seen.push(...body.data.map(({ id }) => id));
      next = body.next_cursor;
    } while (next);
    expect(seen).toEqual(all.map(({ id }) => id));
    expect((await farm.get('/v1/channels?cursor=nonsense')).body.errors[0].path).toBe('cursor');
  });
});

describe('a test', () => {
  const report: Report = {
    delivery: 'd1',
    account: 'default',
    channel: 'c1',
    channel_type: 'discord',
    event_id: 'e1',
    event_type: 'channel.test',
    epoch: 3,
    created_at: '2026-03-01T12:00:00.000Z',
    at: '2026-03-01T12:00:01.000Z',
    attempt: { n: 1, at: '2026-03-01T12:00:01.000Z', latency_ms: 42, status: 404, reason: 'gone', answer: '' },
    outcome: 'failed',
    reason: 'gone',
    next_attempt_at: null,
    meaning: 'The webhook was deleted: make a new one',
    test: true,
  };

  it('answers what became of it', async () => {
    await farm.owner('rules.channel.test', ({ reply }) => {
      farm.bus.nc.publish(reply, JSON.stringify(report)); // even before the ask is answered
      return { delivery: 'd1' };
    });
    const { status, body } = await farm.post('/v1/channels/c1/test');
    expect(status).toBe(200);
    expect(body).toEqual({
      delivery_id: 'd1',
      outcome: 'failed',
      status: 404,
      latency_ms: 42,
      reason: 'gone',
      meaning: report.meaning,
    });
  });

  it("hands on rules' refusal, and a 504 when nobody reports", async () => {
    await farm.ownersAway();
    expect((await farm.post('/v1/channels/c1/test')).status).toBe(503);
    await farm.owner('rules.channel.test', () => ({ delivery: 'd1' }));
    await expect(farm.channels.test('default', 'c1', 300)).rejects.toMatchObject({ status: 504 });
  });
});
