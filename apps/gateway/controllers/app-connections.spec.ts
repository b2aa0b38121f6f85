import { createHash } from 'node:crypto';
import type { AppConnectionView } from '#contracts';
import { testDatabase, testNats } from '#testing';
import { Harness } from '../harness.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;
const made: { account: string; id: string; hash: string; connection: unknown }[] = [];

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.post('/v1/accounts', { body: { id: 'hobbyist' } });
  await farm.owner('rules.app.create', (asked) => {
    made.push(asked);
    return view(asked.id);
  });
});
beforeEach(() => made.splice(0));
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const view = (id: string): AppConnectionView => ({
  id,
  name: 'My app',
  printer_id: 'p1',
  channel_id: null,
  expires_at: null,
  created_at: '2026-03-01T12:00:00.000Z',
});
const body = { name: 'My app', printer_id: 'p1' };
const create = (headers: Record<string, string> = {}, given: object = body) =>
  farm.post('/v1/app-connections', { body: given, headers });

it('answers with a token of its own, which nobody else is told', async () => {
  const { status, body: answer } = await create();
  expect([status, answer]).toEqual([
    201,
    { id: expect.any(String), app_token: expect.stringMatching(/^fba_[A-Za-z0-9_-]{43}$/) },
  ]);
  const hash = createHash('sha256').update(answer.app_token).digest('base64url');
  expect(made).toEqual([{ account: 'default', id: answer.id, hash, connection: body }]);
  expect((await create()).body.app_token).not.toBe(answer.app_token);
});

it('answers the repeat of a request with the same token, and makes none', async () => {
  const first = await create({ 'idempotency-key': 'once' });
  const again = await create({ 'idempotency-key': 'once' });
  expect([again.status, again.body, made.length]).toEqual([201, first.body, 1]);
  const other = await farm.token(['manage']);
  const refused = await farm.post('/v1/app-connections', { body, headers: { 'idempotency-key': 'once' }, token: other.token });
  expect([refused.status, refused.text.includes(first.body.app_token)]).toEqual([409, false]);
});

it('needs the plan commercial', async () => {
  const { status, body: answer } = await create({ 'farmbell-account': 'hobbyist' });
  expect([status, answer.detail]).toEqual([
    403,
    'App connections need the plan commercial, and account hobbyist has hobby: the operator changes it with PATCH /v1/accounts/hobbyist {"plan": "commercial"}',
  ]);
  expect(made).toEqual([]);
});

it.each<[string, object, string]>([
  ['no name', { printer_id: 'p1' }, 'name'],
  ['an empty name', { ...body, name: '' }, 'name'],
  ['no printer', { name: 'x' }, 'printer_id'],
  ['an empty printer', { ...body, printer_id: '' }, 'printer_id'],
  ['a token of its own', { ...body, app_token: 'x' }, 'app_token'],
])('refuses %s', async (_, given, path) => {
  const { status, body: answer } = await create({}, given);
  expect([status, answer.errors?.[0].path, made]).toEqual([422, path, []]);
});

it('lists in pages, each once, never with a token', async () => {
  const all = Array.from({ length: 5 }, (_, n) => view(`a${n}`));
  await farm.owner('rules.app.list', ({ after, limit }) => {
    const rest = all.filter(({ id }) => !after || id > after.id);
    const last = rest[limit - 1];
    return { data: rest.slice(0, limit), next: rest.length > limit ? { at: last!.created_at, id: last!.id } : null };
  });
  const seen: AppConnectionView[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body: answer }: { body: { data: AppConnectionView[]; next_cursor: string | null } } = await farm.get(
      `/v1/app-connections?limit=2${cursor && `&cursor=${cursor}`}`,
    );
    seen.push(...answer.data);
    cursor = answer.next_cursor;
  }
  expect(seen).toEqual(all);
});

it('deletes one of its account', async () => {
  const asked: unknown[] = [];
  await farm.owner('rules.app.delete', (given) => {
    asked.push(given);
    return null;
  });
  const gone = await farm.send('DELETE', '/v1/app-connections/some-id');
  expect([gone.status, gone.text, asked]).toEqual([204, '', [{ account: 'default', id: 'some-id' }]]);
});

it('is documented: whom the app API answers, and how it refuses', async () => {
  const { body: document } = await farm.get('/openapi.json', { token: null });
  const set = document.paths['/api/appconnection/SetNotificationWebhook'].post;
  expect(set.security).toEqual([]);
  expect(set.parameters).toEqual([expect.objectContaining({ name: 'AppToken', in: 'header' })]);
  expect(Object.keys(set.requestBody.content['application/json'].schema.properties)).toEqual([
    'AppToken',
    'WebhookUrl',
    'InclusiveEventTypesFilter',
    'CallbackUrl',
    'EventTypes',
  ]);
  // a status beyond 599 has no place in OpenAPI
  expect(Object.keys(set.responses)).toEqual(['200', 'default']);
  expect(set.responses.default.description).toMatch(/606.*605.*604.*603.*400/);
  expect(document.components.schemas.OctoEverywhereFault.required).toEqual(['ErrorType', 'ErrorDetails']);
});
