import { ask } from '#bus';
import { testDatabase, testNats, until } from '#testing';
import { adminToken, Harness } from '../harness.js';
import { controllers } from '../index.js';
import { routesOf } from '../routes/route.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.post('/v1/accounts', { body: { id: 'school', name: 'School' } });
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const routes = routesOf(controllers);

describe('who may call what', () => {
  const needing = routes.filter(({ access }) => access !== 'none');
  const pathOf = (path: string) => path.replace('{id}', 'some-id');

  it.each(needing.map((route) => [route.method, route.path, route.access] as const))(
    '%s %s needs %s',
    async (method, path, access) => {
      const none = await farm.send(method, pathOf(path), { token: null });
      expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="farmbell"']);
      const others = ['publish', 'read', 'manage'].filter((scope) => scope !== access);
      const { token } = await farm.token(others);
      const refused = await farm.send(method, pathOf(path), { token });
      expect(refused.status).toBe(403);
      expect(refused.body.detail).toContain(access === 'admin' ? 'admin token' : `scope '${access}'`);
      if (access === 'admin') return;
      const right = await farm.token([access]);
      // what it then answers is that route's own matter: without a body or an owner, a refusal of another kind
      expect([401, 403]).not.toContain(
        (await farm.send(method, pathOf(path), { token: right.token, headers: { 'content-type': 'text/plain' } })).status,
      );
    },
  );

  it('serves what people read without a token', async () => {
    for (const path of ['/docs', '/openapi.json', '/healthz', '/metrics']) {
      expect((await farm.get(path, { token: null })).status).toBe(200);
    }
    expect((await farm.get('/s/no-such-id', { token: null })).status).toBe(404);
  });
});

describe('tokens', () => {
  it('are shown once, listed without themselves, revoked at once', async () => {
    const made = await farm.post('/v1/tokens', { body: { name: 'printer bridge', scopes: ['read', 'publish', 'read'] } });
    expect(made.body).toEqual({
      id: expect.any(String),
      name: 'printer bridge',
      scopes: ['publish', 'read'],
      created_at: expect.any(String),
      expires_at: null,
      token: expect.stringMatching(/^fb_[A-Za-z0-9_-]{43}$/),
    });
    const { token, id } = made.body;
    const list = await farm.get('/v1/tokens?limit=500', { token });
    expect(list.body.data.map((one: { id: string }) => one.id)).toContain(id);
    expect(list.text).not.toContain(token);
    expect((await farm.send('DELETE', `/v1/tokens/${id}`, { token })).status).toBe(403);
    const gone = await farm.send('DELETE', `/v1/tokens/${id}`);
    expect([gone.status, gone.text]).toEqual([204, '']);
    const after = await farm.get('/v1/tokens', { token });
    expect([after.status, after.body.detail]).toEqual([401, expect.stringContaining('revoked')]);
    expect((await farm.send('DELETE', `/v1/tokens/${id}`)).status).toBe(404);
  });

  it('end when their time is over', async () => {
    const past = await farm.post('/v1/tokens', { body: { name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' } });
    expect([past.status, past.body.errors[0].path]).toEqual([422, 'expires_at']);
    const soon = new Date(Date.now() + 700).toISOString();
    const { token } = await farm.token(['read'], 'default', { expires_at: soon });
    expect((await farm.get('/v1/event-types', { token })).status).toBe(200);
    const after = await until('the token is refused', 3000, async () => {
      const answer = await farm.get('/v1/event-types', { token });
      return answer.status === 200 ? undefined : answer;
    });
    expect([after.status, after.body.detail]).toEqual([401, expect.stringContaining('expired')]);
  });

  it('with an Idempotency-Key are made once, and the kept answer opens for their maker alone', async () => {
    const body = { name: 'once', scopes: ['read'] };
    const headers = { 'idempotency-key': 'token-1' };
    const first = await farm.post('/v1/tokens', { body, headers });
    expect((await farm.post('/v1/tokens', { body, headers })).body).toEqual(first.body);
    const other = await farm.token(['manage']);
    const asked = await farm.post('/v1/tokens', { body, headers, token: other.token });
    expect(asked.status).toBe(409);
    expect(asked.text).not.toContain(first.body.token);
  });

  it.each([
    [{ name: '', scopes: ['read'] }, 'name'],
    [{ scopes: ['read'] }, 'name'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['admin'] }, 'scopes[0]'],
    [{ name: 'x', scopes: ['read'], expires_at: 'soon' }, 'expires_at'],
    [{ name: 'x', scopes: ['read'], token: 'fb_x' }, 'token'],
  ])('refuses %j', async (body, path) => {
    const answer = await farm.post('/v1/tokens', { body });
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, path]);
  });

  it('list in pages, each once', async () => {
    for (let n = 0; n < 7; n++) await farm.token(['read'], 'school');
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const { body }: { body: { data: { id: string }[]; next_cursor: string | null } } = await farm.get(
        `/v1/tokens?limit=3${next ? `&cursor=${next}` : ''}`,
        { headers: { 'farmbell-account': 'school' } },
      );
      seen.push(...body.data.map(({ id }) => id));
      next = body.next_cursor;
    } while (next);
    expect([seen.length, new Set(seen).size]).toEqual([7, 7]);
  });
});

describe('accounts', () => {
  it('are apart: a token acts on its own, the admin token on the one it names', async () => {
    const { token } = await farm.token(['read', 'manage'], 'school');
    const other = await farm.get('/v1/tokens', { token, headers: { 'farmbell-account': 'default' } });
    expect([other.status, other.body.detail]).toEqual([403, expect.stringContaining('another account')]);
    expect((await farm.get('/v1/tokens', { token, headers: { 'farmbell-account': 'school' } })).status).toBe(200);
    const missing = await farm.get('/v1/tokens', { headers: { 'farmbell-account': 'nowhere' } });
    expect([missing.status, missing.body.detail]).toEqual([404, expect.stringContaining('nowhere')]);
    const { id } = await farm.token(['read'], 'default');
    expect((await farm.send('DELETE', `/v1/tokens/${id}`, { token })).status).toBe(404);
  });

  it('are made, changed and deleted by the admin token; default stays', async () => {
    await farm.owner('rules.account.plan', () => null);
    await farm.owner('rules.account.delete', () => null);
    await farm.owner('journal.account.delete', () => null);
    const made = await farm.post('/v1/accounts', { body: { id: 'acme' } });
    expect([made.status, made.body]).toEqual([201, { id: 'acme', name: 'acme', plan: 'hobby', created_at: expect.any(String) }]);
    expect((await farm.post('/v1/accounts', { body: { id: 'acme' } })).status).toBe(409);
    expect((await farm.post('/v1/accounts', { body: { id: 'a b' } })).body.errors[0].path).toBe('id');
    const patched = await farm.send('PATCH', '/v1/accounts/acme', { body: { plan: 'commercial', name: 'Acme' } });
    expect(patched.body).toMatchObject({ name: 'Acme', plan: 'commercial' });
    expect((await farm.get('/v1/accounts/acme')).body).toEqual(patched.body);
    const { token } = await farm.token(['read'], 'acme');
    expect((await farm.send('DELETE', '/v1/accounts/acme')).status).toBe(204);
    expect((await farm.get('/v1/event-types', { token })).status).toBe(401);
    expect((await farm.get('/v1/accounts/acme')).status).toBe(404);
    expect((await farm.send('DELETE', '/v1/accounts/default')).status).toBe(409);
    expect((await farm.get('/v1/accounts')).body.data[0]).toMatchObject({ id: 'default', plan: 'commercial' });
  });
});

describe('the ask gateway.token.verify', () => {
  it('answers the caller, or the same refusal', async () => {
    const { token } = await farm.token(['publish'], 'school');
    const verify = (token: string, account?: string) => ask(farm.bus, 'gateway.token.verify', { token, account });
    expect(await verify(token)).toEqual({ account: 'school', scopes: ['publish'], admin: false });
    expect(await verify(adminToken, 'school')).toMatchObject({ account: 'school', admin: true });
    await expect(verify(token, 'default')).rejects.toMatchObject({ status: 403 });
    await expect(verify(`fb_${'x'.repeat(43)}`)).rejects.toMatchObject({ status: 401 });
    await expect(verify('')).rejects.toMatchObject({ status: 401 });
  });
});

// the last: this address has then used up its bad tokens
describe('bad tokens', () => {
  it('are 401, and too many of them 429; a good one is let through all the same', async () => {
    const { token } = await farm.token(['read']);
    expect((await farm.get('/v1/event-types', { token })).status).toBe(200);
    const statuses: number[] = [];
    for (let n = 0; n < 30; n++)
      statuses.push((await farm.get('/v1/event-types', { token: `fb_${String(n).padStart(43, 'x')}` })).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
    const late = await farm.get('/v1/event-types', { token: 'x' });
    expect([late.status, Number(late.headers.get('retry-after')) >= 1]).toEqual([429, true]);
    expect((await farm.get('/v1/event-types', { token })).status).toBe(200);
    expect((await farm.get('/v1/event-types')).status).toBe(200);
  });
});
