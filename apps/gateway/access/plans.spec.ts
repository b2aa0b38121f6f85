import pg from 'pg';
import { Problem } from '#contracts';
import { testDatabase, testNats, until } from '#testing';
import { Harness } from '../harness.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;
/** What rules was told, `<account> <plan>`, in the order in which it answered. */
let told: string[] = [];

const boot = () => Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
const rules = () =>
  farm.owner('rules.account.plan', ({ account, plan }) => {
    told.push(`${account} ${plan}`);
    return null;
  });
const change = (id: string, plan: string) => farm.send('PATCH', `/v1/accounts/${id}`, { body: { plan } });
const make = (id: string) => farm.post('/v1/accounts', { body: { id, plan: 'commercial' } });
async function query(sql: string) {
  const client = new pg.Client({ connectionString: database.url, options: '-c search_path=gateway' });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}
const untold = () => query('select id from account where not plan_told');

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await boot();
});
beforeEach(() => {
  told = [];
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

it('tells rules of a plan before it answers, and of a name alone nothing', async () => {
  await rules();
  await make('a');
  expect((await change('a', 'hobby')).body).toMatchObject({ id: 'a', plan: 'hobby' });
  expect(told).toEqual(['a hobby']);
  await farm.send('PATCH', '/v1/accounts/a', { body: { name: 'A' } });
  expect((await change('a', 'commercial')).status).toBe(200);
  expect(told).toEqual(['a hobby', 'a commercial']);
  expect(await untold()).toEqual([]);
  expect((await change('nobody', 'hobby')).status).toBe(404);
});

it('tells it later when rules was away, also after a restart of the gateway', async () => {
  await make('b');
  await farm.ownersAway();
  expect((await change('b', 'hobby')).body.plan).toBe('hobby');
  expect(await untold()).toEqual([{ id: 'b' }]);
  await farm.stop();
  farm = await boot();
  await rules();
  await until('rules was told', 15_000, async () => (await untold()).length === 0);
  expect(told).toEqual(['b hobby']);
});

it('tells it again when the process ended between the answer of rules and its note', async () => {
  await make('c');
  await rules();
  await change('c', 'hobby');
  await query(`update account set plan_told = false where id = 'c'`);
  await until('rules was told', 15_000, async () => (await untold()).length === 0);
  expect(told).toEqual(['c hobby', 'c hobby']);
});

it('tells many changes at once in an order whose last is the plan that holds', async () => {
  await make('d');
  await rules();
  await Promise.all(Array.from({ length: 10 }, (_, n) => change('d', n % 2 ? 'hobby' : 'commercial')));
  await until('rules was told', 15_000, async () => (await untold()).length === 0);
  expect(told.at(-1)).toBe(`d ${(await farm.get('/v1/accounts/d')).body.plan}`);
});

it('leaves no webhook channel behind that was made while the plan changed', async () => {
  await make('e');
  await rules();
  const headers = { 'farmbell-account': 'e' };
  await farm.owner('rules.channel.create', async ({ id }) => {
    await change('e', 'hobby');
    told = [];
    return { channel: { id, epoch: 1 } as never, generated: {} };
  });
  const body = { name: 'late', type: 'webhook', settings: { url: 'https://example.org/' } };
  const answer = await farm.post('/v1/channels', { body, headers });
  expect([answer.status, told]).toEqual([403, ['e hobby']]);
});

it('nor the webhook of an app that was set meanwhile', async () => {
  await make('f');
  await rules();
  const caller = { account: 'f', id: 'app', channel_id: null, expired: false };
  await farm.owner('rules.app.verify', () => caller);
  await farm.owner('rules.app.set', async () => {
    await change('f', 'hobby');
    told = [];
    return null;
  });
  const headers = { AppToken: `fba_${'x'.repeat(43)}` };
  const body = { WebhookUrl: 'https://example.org/' };
  const answer = await farm.post('/api/appconnection/SetNotificationWebhook', { token: null, headers, body });
  expect([answer.status, told]).toEqual([605, ['f hobby']]);
});

describe('an account that is deleted', () => {
  const remove = (id: string) => farm.send('DELETE', `/v1/accounts/${id}`);
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    for (const owner of ['rules', 'journal'] as const)
      await farm.owner(`${owner}.account.delete`, ({ account }) => {
        asked.push(`${owner} ${account}`);
        return null;
      });
  });

  it('goes when rules and journal have let go of it', async () => {
    await make('f');
    expect((await remove('f')).status).toBe(204);
    expect(asked.slice(0, 2)).toEqual(['rules f', 'journal f']);
    expect((await farm.get('/v1/accounts/f')).status).toBe(404);
  });

  it('stays while rules refuses, or one of them is away: the same request does the rest later', async () => {
    await make('g');
    await farm.owner('rules.account.delete', () => Promise.reject(new Problem(409, 'Conflict', 'Account g has channels')));
    expect((await remove('g')).status).toBe(409);
    expect(asked).toEqual([]);
    await farm.ownersAway();
    await farm.owner('rules.account.delete', () => null);
    expect((await remove('g')).status).toBe(503);
    expect((await farm.get('/v1/accounts/g')).status).toBe(200);
    await farm.owner('journal.account.delete', () => null);
    expect((await remove('g')).status).toBe(204);
  });
});
