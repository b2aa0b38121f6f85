import { createHash } from 'node:crypto';
import { type AppCaller, type AppWebhook, appRefusals, invalid, notFound, type Report, typesOf } from '#contracts';
import { testDatabase, testNats } from '#testing';
import { type Asked, Harness } from '../harness.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;
let known: AppCaller | undefined;
const did: unknown[] = [];
const noted = (asked: unknown) => {
  did.push(asked);
  return null;
};

const token = `fba_${'t'.repeat(43)}`;
const hash = createHash('sha256').update(token).digest('base64url');
const url = 'https://app.example.com/hook?tenantId=abc&callbackToken=very-secret';
const set = (asked: Asked = {}) => farm.post('/api/appconnection/SetNotificationWebhook', { token: null, ...asked });
const unset = (asked: Asked = {}) => farm.post('/api/appconnection/DeleteNotificationWebhook', { token: null, ...asked });
const test = (asked: Asked = {}) => farm.get('/api/appconnection/TestWebhook', { token: null, ...asked });
const header = { AppToken: token };
const body = { WebhookUrl: url, InclusiveEventTypesFilter: [1, 3] };
const calls = [
  ['SetNotificationWebhook', (headers: Record<string, string>) => set({ headers, body })],
  ['DeleteNotificationWebhook', (headers: Record<string, string>) => unset({ headers })],
  ['TestWebhook', (headers: Record<string, string>) => test({ headers })],
] as const;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.post('/v1/accounts', { body: { id: 'hobbyist' } });
});
beforeEach(async () => {
  did.length = 0;
  known = { account: 'default', id: 'app', channel_id: 'c1', expired: false };
  await farm.owner('rules.app.verify', (asked) => {
    if (asked.hash !== hash || !known) throw appRefusals.badToken();
    return known;
  });
  await farm.owner('rules.app.set', noted);
  await farm.owner('rules.app.unset', noted);
  await farm.owner('rules.channel.test', ({ reply }) => {
    farm.bus.nc.publish(reply, JSON.stringify(report(204)));
    return { delivery: 'd1' };
  });
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const report = (status: number | null): Report => ({
  delivery: 'd1',
  account: 'default',
  channel: 'c1',
  channel_type: 'webhook',
  event_id: 'e1',
  event_type: 'channel.test',
  epoch: 3,
  created_at: '2026-03-01T12:00:00.000Z',
  at: '2026-03-01T12:00:01.000Z',
  attempt: { n: 1, at: '2026-03-01T12:00:01.000Z', latency_ms: 42, status, reason: null, answer: '' },
  outcome: 'delivered',
  reason: null,
  next_attempt_at: null,
  meaning: '',
  test: true,
});
const said = (webhook: Partial<AppWebhook>) => ({
  account: 'default',
  id: 'app',
  webhook: { url, events: typesOf([1, 3]), ...webhook },
});

describe('a call that is right', () => {
  it.each<[string, Asked, unknown]>([
    ['the token as header', { headers: header, body }, said({})],
    ['the token in the body', { body: { AppToken: token, ...body } }, said({})],
    ['the header before the body', { headers: header, body: { AppToken: 'fba_other', ...body } }, said({})],
    ['no filter', { headers: header, body: { WebhookUrl: url } }, said({ events: typesOf([]) })],
    ['the older names', { headers: header, body: { CallbackUrl: url, EventTypes: [3] } }, said({ events: typesOf([3]) })],
    ['a key of its own', { headers: { ...header, 'idempotency-key': 'k' }, body }, said({})],
  ])('sets the webhook: %s', async (_, asked, expected) => {
    const answer = await set(asked);
    expect([answer.status, answer.body, did]).toEqual([200, { Success: true }, [expected]]);
  });

  it.each<[string, Asked]>([
    ['the token as header, and no body', { headers: header }],
    ['the token in the body', { body: { AppToken: token } }],
  ])('removes it: %s', async (_, asked) => {
    const answer = await unset(asked);
    expect([answer.status, answer.body, did]).toEqual([200, { Success: true }, [{ account: 'default', id: 'app' }]]);
  });

  it.each([[200], [503], [null]])('tests it, and tells the receiver’s %j', async (status) => {
    await farm.owner('rules.channel.test', ({ account, id, reply }) => {
      did.push([account, id]);
      farm.bus.nc.publish(reply, JSON.stringify(report(status)));
      return { delivery: 'd1' };
    });
    const answer = await test({ headers: header });
    expect([answer.status, answer.body, did]).toEqual([200, { StatusCode: status ?? 0 }, [['default', 'c1']]]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('may carry what no document names', async () => {
    const answer = await farm.post('/api/appconnection/SetNotificationWebhook?v=2', {
      headers: header,
      body: { ...body, More: 1 },
    });
    expect(answer.status).toBe(200);
  });
});

/** A refusal in OctoEverywhere's form, which repeats nothing that is secret. */
function expectRefusal(answer: Awaited<ReturnType<typeof set>>, status: number, type: string, details: RegExp): void {
  expect([answer.status, answer.body]).toEqual([status, { ErrorType: type, ErrorDetails: expect.stringMatching(details) }]);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  for (const secret of [token, hash, 'very-secret']) expect(answer.text).not.toContain(secret);
  expect(did).toEqual([]);
}

describe.each(calls)('%s is refused', (name, call) => {
  it('without a token: 606', async () =>
    expectRefusal(await call({}), 606, 'OE_INVALID_APP_TOKEN', /^No AppToken was sent: send it as the header AppToken/));

  it('with an empty one: 606', async () =>
    expectRefusal(await call({ AppToken: '' }), 606, 'OE_INVALID_APP_TOKEN', /^No AppToken was sent/));

  it('with one that is not known, or is none: 606', async () => {
    for (const AppToken of [`fba_${'x'.repeat(43)}`, 'x'])
      expectRefusal(
        await call({ AppToken }),
        606,
        'OE_INVALID_APP_TOKEN',
        /^The AppToken is not known, or its app connection was/,
      );
  });

  it('on an account of the plan hobby: 605', async () => {
    known = { ...known!, account: 'hobbyist' };
    expectRefusal(await call(header), 605, 'OE_ACCOUNT_NOT_COMMERCIAL', /plan commercial.*changes the plan/);
  });

  it('on an account that is no more: 606', async () => {
    known = { ...known!, account: 'gone' };
    expectRefusal(await call(header), 606, 'OE_INVALID_APP_TOKEN', /not known/);
  });

  it('while rules is away: 503, and when to try again', async () => {
    await farm.ownersAway();
    const answer = await call(header);
    expectRefusal(answer, 503, 'OE_INTERNAL_ERROR', /rules service does not answer; try again in a few seconds/);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  if (name === 'SetNotificationWebhook') return;

  it('where the app connection expired: 604', async () => {
    known = { ...known!, expired: true };
    await farm.owner('rules.app.unset', () => Promise.reject(appRefusals.expired()));
    expectRefusal(
      await call(header),
      604,
      'OE_APP_CONNECTION_EXPIRED',
      /^The app connection expired.*call SetNotificationWebhook again$/,
    );
  });

  it('where no webhook is set: 603', async () => {
    known = { ...known!, channel_id: null };
    await farm.owner('rules.app.unset', () => Promise.reject(appRefusals.noWebhook()));
    expectRefusal(await call(header), 603, 'OE_NO_WEBHOOK_SET', /call SetNotificationWebhook first$/);
  });
});

it('a webhook whose channel is deleted in the moment of its test is none: 603', async () => {
  await farm.owner('rules.channel.test', ({ id }) => Promise.reject(notFound('channel', id)));
  expectRefusal(await test({ headers: header }), 603, 'OE_NO_WEBHOOK_SET', /call SetNotificationWebhook first$/);
});

describe('bad input: 400', () => {
  const args = 'OE_BAD_ARGS';
  const parsing = 'OE_ARGS_PARSE_FAILED';
  it.each<[string, Asked, string, RegExp]>([
    ['no URL', { body: {} }, args, /^WebhookUrl is required: the https URL that is to be called, e\.g\. /],
    ['no body', {}, args, /^WebhookUrl is required/],
    [
      'a number that is none',
      { body: { ...body, InclusiveEventTypesFilter: [1, 17] } },
      args,
      /^InclusiveEventTypesFilter\[1\] must be .* 1 to 16/,
    ],
    ['two faults', { body: { WebhookUrl: 1, EventTypes: [0] } }, args, /^WebhookUrl .*; EventTypes\[0\] must be/],
    ['a list', { body: [1] }, parsing, /^The body is no JSON object/],
    ['null', { raw: 'null' }, parsing, /^The body is no JSON object/],
    ['no JSON', { raw: '{"WebhookUrl": ' }, parsing, /^The body is not JSON/],
    ['no UTF-8', { raw: Buffer.from([0x22, 0xff, 0x22]) }, parsing, /UTF-8/],
    ['a form', { raw: 'WebhookUrl=x', type: 'application/x-www-form-urlencoded' }, parsing, /send application\/json$/],
    ['U+0000', { body: { WebhookUrl: 'https://a\0' } }, args, /^WebhookUrl contains U\+0000/],
    [
      '600 KiB',
      { raw: JSON.stringify({ WebhookUrl: 'x'.repeat(600 * 1024) }) },
      parsing,
      /^The body is too large: send WebhookUrl and/,
    ],
    ['9 MiB', { raw: JSON.stringify({ WebhookUrl: 'x'.repeat(9 * 1024 * 1024) }) }, parsing, /^The body is too large/],
  ])('%s', async (_, asked, type, details) => expectRefusal(await set({ headers: header, ...asked }), 400, type, details));

  it('a URL that no delivery may reach, in rules’ words', async () => {
    await farm.owner('rules.app.set', () =>
      Promise.reject(invalid([{ path: 'WebhookUrl', message: 'begins with http://: use https://' }])),
    );
    expectRefusal(await set({ headers: header, body }), 400, args, /^WebhookUrl begins with http:\/\/: use https:\/\/$/);
  });

  it('is told to nobody without a good token', async () => {
    expectRefusal(await set({ headers: { AppToken: 'x' }, raw: '{' }), 606, 'OE_INVALID_APP_TOKEN', /not known/);
    expectRefusal(await set({ body: { AppToken: 5 } }), 606, 'OE_INVALID_APP_TOKEN', /No AppToken was sent/);
    known = { ...known!, account: 'hobbyist' };
    expectRefusal(await set({ headers: header, body: {} }), 605, 'OE_ACCOUNT_NOT_COMMERCIAL', /commercial/);
  });
});

it('what is not served there is told in the same form', async () => {
  expectRefusal(await farm.get('/api/appconnection/SetNotificationWebhook', { token: null }), 404, 'OE_NOT_FOUND', /see \/docs$/);
});

// the last: this address has then used up its bad tokens
it('too many bad tokens: 429, for tokens of every kind; a good one is let through all the same', async () => {
  expect((await set({ headers: header, body })).status).toBe(200);
  did.length = 0;
  const statuses: number[] = [];
  for (let n = 0; n < 30; n++)
    statuses.push((await test({ headers: { AppToken: `fba_${String(n).padStart(43, 'x')}` } })).status);
  expect([statuses[0], statuses.at(-1)]).toEqual([606, 429]);
  const late = await unset({ body: { AppToken: 'x' } });
  expectRefusal(late, 429, 'OE_RATE_LIMITED', /^This address sent too many bad tokens/);
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await farm.get('/v1/event-types', { token: 'x' })).status).toBe(429);
  expect((await set({ headers: header, body })).status).toBe(200);
});
