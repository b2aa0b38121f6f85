import pg from 'pg';
import { type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const account = 'school';
const as = { 'farmbell-account': account };
let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Receiver;
beforeAll(async () => {
  [farm, sink] = await Promise.all([testFarm(modules), receiver()]);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
});

const call = (method: string, path: string, body?: unknown) => farm.call(method, path, body, as);
const make = () => farm.call('POST', '/v1/accounts', { id: account, plan: 'commercial' });
const remove = () => farm.call('DELETE', `/v1/accounts/${account}`);
const lists = ['channels', 'printers', 'organizations', 'app-connections', 'events', 'deliveries', 'tokens', 'rejected'];
/** How many of each the account is shown. */
const counts = async () => {
  const pages = await Promise.all(lists.map((list) => call('GET', `/v1/${list}`)));
  return Object.fromEntries(pages.map(({ body }, i) => [lists[i], body.data.length]));
};
const none = Object.fromEntries(lists.map((list) => [list, 0]));
/** Rows that name the account, by table of rules. */
async function rows(): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: farm.database.url, options: '-c search_path=rules' });
  await client.connect();
  const { rows: tables } = await client.query(
    `select table_name as name from information_schema.columns where table_schema = 'rules' and column_name = 'account'`,
  );
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows: counted } = await client.query(`select count(*)::int as n from ${name} where account = $1`, [account]);
    if (counted[0].n > 0) found[name] = counted[0].n;
  }
  await client.end();
  return found;
}

it('takes with it all that the account has: one that is made under its id begins with nothing', async () => {
  await make();
  await call('POST', '/v1/organizations', { id: 'class' });
  for (const id of ['p1', 'p2']) await call('POST', '/v1/printers', { id, name: 'Old', organization: 'class' });
  const hours = { enabled: true, start: '22:00', end: '06:00', timezone: 'UTC' };
  expect((await call('PUT', '/v1/quiet-hours', hours)).status).toBe(200);
  expect((await call('PUT', '/v1/organizations/class/quiet-hours', hours)).status).toBe(200);
  expect((await call('POST', '/v1/app-connections', { name: 'app', printer_id: 'p1' })).status).toBe(201);
  const body = { name: 'hook', type: 'webhook', organization: 'class', settings: { url: sink.origin } };
  const { id } = (await call('POST', '/v1/channels', { ...body, quiet_hours: { enabled: false } })).body;
  await call('POST', '/v1/events', { id: 'e1', type: 'job.started', printer: { id: 'p1' } });
  await until('it was delivered', 15_000, async () => (await call('GET', '/v1/deliveries?outcome=delivered')).body.data.length);

  const refused = await remove();
  expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('delete them first')]);
  expect(await counts()).toMatchObject({ channels: 1, printers: 2, organizations: 1, 'app-connections': 1, events: 1 });
  await call('DELETE', `/v1/channels/${id}`);
  expect((await remove()).status).toBe(204);
  expect((await call('GET', '/v1/printers')).status).toBe(404);
  await until('rules has nothing of it', 15_000, async () => Object.keys(await rows()).length === 0);

  await make();
  expect(await counts()).toEqual(none);
  expect((await call('GET', '/v1/quiet-hours')).body).toMatchObject({ enabled: false, set_by: null });
  expect((await call('GET', '/v1/events/e1')).status).toBe(404);
  // nothing is filled in, nobody hears it, nothing holds it back
  const heard = sink.requests.length;
  expect((await call('POST', '/v1/events', { id: 'e2', type: 'job.started', printer: { id: 'p1' } })).status).toBe(202);
  const event = await until('it is kept', 15_000, async () => (await call('GET', '/v1/events')).body.data[0]);
  expect([event.id, event.printer, sink.requests.length]).toEqual(['e2', { id: 'p1' }, heard]);
  // and all of it may be made again
  expect((await call('POST', '/v1/organizations', { id: 'class' })).status).toBe(201);
  expect((await call('POST', '/v1/printers', { id: 'p1', organization: 'class' })).status).toBe(201);
}, 60_000);

it('may be repeated, and needs the account', async () => {
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
  expect((await farm.call('DELETE', '/v1/accounts/default')).status).toBe(409);
});
