import pg from 'pg';
import { Agent, request } from 'undici';
import { type Receiver, receiver, until } from '#testing';
import { controllers } from '../gateway/index.js';
import type { RouteSpec } from '../gateway/routes/call.js';
import { routesOf } from '../gateway/routes/route.js';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

/** What lies in the victim's account and is never sent by the other one: whoever reads it, read what is not theirs. */
const hidden = `hidden-${Math.random().toString(36).slice(2)}`;
/** What only the other one sends. */
const planted = `planted-${Math.random().toString(36).slice(2)}`;
const [victim, other] = ['victim', 'other'];
const scopes = ['publish', 'read', 'manage'];

/** Everybody's: a new route without a token must be added here on purpose. */
const open = [
  'GET /docs',
  'GET /openapi.json',
  'GET /s/{id}',
  'GET /e/{id}',
  // with a token of their own: octoeverywhere.spec.ts and app-connections.spec.ts
  'POST /api/appconnection/SetNotificationWebhook',
  'POST /api/appconnection/DeleteNotificationWebhook',
  'GET /api/appconnection/TestWebhook',
];

/** A body with which the route's owner would do the work: a refusal then comes from who calls, not from what is sent. */
const bodies: Record<string, unknown> = {
  'POST /v1/events': { type: 'job.started' },
  'POST /v1/channels': { name: 'x', type: 'webhook', settings: { url: 'https://example.org/' } },
  'PATCH /v1/channels/{id}': { name: planted, settings: { url: `https://example.org/${planted}` } },
  'POST /v1/channels/{id}/replay': { since: '2020-01-01T00:00:00Z' },
  'POST /v1/organizations': { id: 'made-by-nobody' },
  'PATCH /v1/organizations/{id}': { name: planted },
  'POST /v1/printers': { id: 'made-by-nobody' },
  'PATCH /v1/printers/{id}': { name: planted },
  'PUT /v1/quiet-hours': { start: '03:45', end: '04:56', timezone: 'UTC' },
  'PUT /v1/organizations/{id}/quiet-hours': { start: '03:45', end: '04:56', timezone: 'UTC' },
  'POST /v1/app-connections': { name: 'x', printer_id: 'p1' },
  'POST /v1/tokens': { name: 'x', scopes: ['read'] },
  'POST /v1/accounts': { id: 'made-by-nobody' },
  'PATCH /v1/accounts/{id}': { name: planted },
};

/** The victim's. */
const quiet = {
  enabled: true,
  start: '01:23',
  end: '02:34',
  timezone: 'UTC',
  days: ['sat'],
  digest: false,
  allow_severity: null,
};

/** By the path before `{id}`: the victim's thing there. Filled below. */
const ids: Record<string, string> = {};

const isStream = ({ answer }: RouteSpec) => answer.types?.includes('text/event-stream') ?? false;
/** The id of a stream that is no more: of the present ones everything is told. */
const beforeAllElse = '0-0.0-0';

const nameOf = ({ method, path }: RouteSpec) => `${method} ${path}`;
const collectionOf = (path: string) => path.slice(0, path.indexOf('/{id}'));
const routes = routesOf(controllers);
const guarded = routes.filter(({ access }) => access !== 'none');
const forAccounts = guarded.filter(({ access }) => access !== 'admin');

let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Receiver;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  [farm, sink] = await Promise.all([testFarm(modules), receiver(() => ({ status: 200, body: hidden }))]);
  for (const id of [victim, other]) await farm.call('POST', '/v1/accounts', { id, plan: 'commercial' });
  await makeTokens();
  await makeThings();
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
});

async function token(account: string, of: string[]): Promise<{ id: string; token: string }> {
  const made = await farm.call(
    'POST',
    '/v1/tokens',
    { name: account === victim ? hidden : 'own', scopes: of },
    { 'farmbell-account': account },
  );
  expect(made.status).toBe(201);
  return made.body;
}

async function makeTokens(): Promise<void> {
  tokens.victim = (await token(victim!, scopes)).token;
  tokens.other = (await token(other!, scopes)).token;
  for (const scope of scopes) tokens[scope] = (await token(victim!, [scope])).token;
  const revoked = await token(victim!, scopes);
  expect((await farm.call('DELETE', `/v1/tokens/${revoked.id}`, undefined, { 'farmbell-account': victim! })).status).toBe(204);
  const expired = await token(victim!, scopes);
  const sql = new pg.Client(farm.database.url);
  await sql.connect();
  await sql.query("update gateway.token set expires_at = now() - interval '1 second' where id = $1", [expired.id]);
  await sql.end();
  Object.assign(tokens, { revoked: revoked.token, expired: expired.token, unknown: `fb_${'x'.repeat(43)}` });
}

/** One of everything in the victim's account, hidden in what is not asked for by name. */
async function makeThings(): Promise<void> {
  const at = { 'farmbell-account': victim! };
  const channel = { name: hidden, type: 'webhook', settings: { url: sink.origin } };
  ids['/v1/channels'] = (await farm.call('POST', '/v1/channels', channel, at)).body.id;
  ids['/v1/organizations'] = (await farm.call('POST', '/v1/organizations', { id: 'o1', name: hidden }, at)).body.id;
  ids['/v1/printers'] = (await farm.call('POST', '/v1/printers', { id: 'p1', name: hidden }, at)).body.id;
  const connection = { name: hidden, printer_id: 'p1' };
  ids['/v1/app-connections'] = (await farm.call('POST', '/v1/app-connections', connection, at)).body.id;
  await farm.call('PUT', '/v1/quiet-hours', quiet, at);
  const event = { id: 'secret-event', type: 'job.failed', title: hidden, printer: { id: 'p1', name: hidden } };
  ids['/v1/events'] = (await farm.call('POST', '/v1/events', event, at)).body.id;
  ids['/v1/tokens'] = (await token(victim!, ['read'])).id;
  ids['/v1/accounts'] = victim!;
  ids['/v1/deliveries'] = await until('the delivery', 10_000, async () => {
    const { data } = (await farm.call('GET', '/v1/deliveries?outcome=delivered', undefined, at)).body;
    return data[0]?.id;
  });
  ids['/v1/replays'] = (await farm.call('POST', `/v1/deliveries/${ids['/v1/deliveries']}/replay`, undefined, at)).body.id;
}

interface Asked {
  token?: string;
  account?: string;
  agent?: Agent;
}

async function ask(route: RouteSpec, { token, account, agent }: Asked = {}): Promise<{ status: number; text: string }> {
  const body = bodies[nameOf(route)];
  const path = route.path.replace('{id}', ids[collectionOf(route.path)] ?? '');
  const { statusCode, body: answer } = await request(`${await farm.url()}${path}`, {
    method: route.method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(account !== undefined && { 'farmbell-account': account }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(isStream(route) && { 'last-event-id': beforeAllElse }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    dispatcher: agent,
  });
  return { status: statusCode, text: statusCode === 200 && isStream(route) ? await missed(answer) : await answer.text() };
}

/** What a stream tells of what was there before; the rest of it has no end. */
async function missed(answer: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of answer) {
    text += chunk;
    if (text.includes('\n: live\n')) return text;
  }
  throw new Error(`the stream ended: ${text}`);
}

it('knows how to try every route', () => {
  const unknown = routes.flatMap((route) => {
    const { path, body, bodies: many, access } = route;
    const name = nameOf(route);
    if (access === 'none') return open.includes(name) ? [] : [`${name} needs no token: say in 'open' that this is meant`];
    const faults: string[] = [];
    if ((body || many) && !(name in bodies)) faults.push(`${name} takes a body: give one in 'bodies' that it would take`);
    if (path.includes('{id}') && !(collectionOf(path) in ids)) faults.push(`${name}: make one of those in 'makeThings'`);
    if (/\{(?!id\})/.test(path)) faults.push(`${name} has a parameter that is not {id}`);
    return faults;
  });
  expect(unknown).toEqual([]);
});

describe.each(guarded.map((route) => [nameOf(route), route] as const))('%s', (name, route) => {
  it('answers nobody without a good token', async () => {
    // bad tokens are counted by address: each route is tried from one of its own, where the system has more than one
    const n = guarded.indexOf(route);
    const agent = process.platform === 'linux' ? new Agent({ localAddress: `127.0.1.${n + 1}` }) : undefined;
    for (const bad of [undefined, 'unknown', 'revoked', 'expired']) {
      const { status, text } = await ask(route, { token: bad && tokens[bad], agent });
      expect([bad, agent === undefined && status === 429 ? 401 : status]).toEqual([bad, 401]);
      expect(text).not.toContain(hidden);
    }
    await agent?.close();
  });

  it.each(scopes.filter((scope) => scope !== route.access))('answers no token of scope %s', async (scope) => {
    const { status, text } = await ask(route, { token: tokens[scope] });
    expect([status, text.includes(hidden)]).toEqual([403, false]);
  });

  it('answers no token of another account', async () => {
    const named = await ask(route, { token: tokens.other, account: victim });
    expect([named.status, named.text.includes(hidden)]).toEqual([403, false]);
    const { status, text } = await ask(route, { token: tokens.other });
    expect(text).not.toContain(hidden);
    if (route.access === 'admin') expect(status).toBe(403);
    else if (route.path.includes('{id}')) expect(status).toBe(404);
    // its own account's, which has nothing of the victim's
    else expect([name, status]).toEqual([name, route.answer.status]);
  });
});

it('has let nothing of the victim be changed, and all of it is there for the victim', async () => {
  const shown = async (route: RouteSpec) => (await ask(route, { token: tokens.victim })).text;
  const reading = forAccounts.filter(({ method }) => method === 'GET');
  for (const route of reading) {
    const text = await shown(route);
    // with the right token the same question shows what was hidden: else the refusals above would prove nothing
    // (a replay tells numbers alone, quiet hours times)
    if (!/types$|rejected$|replays|quiet-hours$/.test(route.path))
      expect([nameOf(route), text.includes(hidden)]).toEqual([nameOf(route), true]);
    expect(text).not.toContain(planted);
  }
  const at = { 'farmbell-account': victim! };
  const counts = async (path: string) => (await farm.call('GET', path, undefined, at)).body.data.length;
  // a delivery, and its replay
  expect([await counts('/v1/channels'), await counts('/v1/events'), await counts('/v1/deliveries')]).toEqual([1, 1, 2]);
  for (const path of ['/v1/quiet-hours', '/v1/organizations/o1/quiet-hours'])
    expect((await farm.call('GET', path, undefined, at)).body).toEqual({ ...quiet, set_by: 'account' });
  const { body } = await farm.call('GET', `/v1/channels/${ids['/v1/channels']}`, undefined, at);
  expect(body).toMatchObject({ name: hidden, enabled: true });
});

it('does for the victim whatever was refused to others', async () => {
  const rank = ({ method, path }: RouteSpec) =>
    method !== 'DELETE' || path.endsWith('/quiet-hours')
      ? Number(path.endsWith('/disable'))
      : path.startsWith('/v1/channels')
        ? 3
        : 2;
  for (const route of [...forAccounts].sort((a, b) => rank(a) - rank(b))) {
    const { status } = await ask(route, { token: tokens.victim });
    expect([nameOf(route), status]).toEqual([nameOf(route), route.answer.status]);
  }
});
