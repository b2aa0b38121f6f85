import { Bus } from '#bus';
import { subjects } from '#contracts';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  farm = await testFarm(modules);
  for (const id of ['a', 'b']) await farm.call('POST', '/v1/accounts', { id, plan: 'commercial' });
}, 60_000);
afterAll(() => farm?.stop());

const ofAccount = '/v1/quiet-hours';
const of = (organization: string) => `/v1/organizations/${encodeURIComponent(organization)}/quiet-hours`;
const at = (account: string) => ({ 'farmbell-account': account });
const shown = async (path: string, account: string) => {
  const { status, body } = await farm.call('GET', path, undefined, at(account));
  expect([path, status]).toEqual([path, 200]);
  return body;
};
const put = (path: string, body: unknown, account: string) => farm.call('PUT', path, body, at(account));
const remove = async (path: string, account: string) =>
  expect((await farm.call('DELETE', path, undefined, at(account))).status).toBe(204);
const organization = (id: string, account: string) => farm.call('POST', '/v1/organizations', { id }, at(account));

const night = { start: '22:00', end: '07:00', timezone: 'Europe/Berlin' };
const whole = { enabled: true, ...night, days: [], digest: true, allow_severity: 'critical' };
const weekend = {
  start: '09:00',
  end: '17:00',
  timezone: 'America/New_York',
  days: ['sat', 'sun'],
  digest: false,
  allow_severity: null,
};
const none = { ...whole, enabled: false, start: null, end: null, timezone: null, set_by: null };

it("shows an organization's own, else its account's, else that there are none; each account its own", async () => {
  // an id that two accounts have, and that no plain path holds
  const id = 'class 5/b';
  for (const account of ['a', 'b']) await organization(id, account);
  expect([await shown(ofAccount, 'a'), await shown(of(id), 'a')]).toEqual([none, none]);

  expect(await put(ofAccount, night, 'a')).toEqual({ status: 200, body: { ...whole, set_by: 'account' } });
  expect([await shown(ofAccount, 'a'), await shown(of(id), 'a')]).toEqual(Array(2).fill({ ...whole, set_by: 'account' }));
  const own = { enabled: true, ...weekend, set_by: 'organization' };
  expect(await put(of(id), weekend, 'a')).toEqual({ status: 200, body: own });
  expect([await shown(ofAccount, 'a'), await shown(of(id), 'a')]).toEqual([{ ...whole, set_by: 'account' }, own]);
  expect([await shown(ofAccount, 'b'), await shown(of(id), 'b')]).toEqual([none, none]);

  // off is an answer too, and what was set before is gone
  const off = { ...none, set_by: 'organization' };
  expect((await put(of(id), { enabled: false }, 'a')).body).toEqual(off);
  await farm.restart();
  expect([await shown(ofAccount, 'a'), await shown(of(id), 'a')]).toEqual([{ ...whole, set_by: 'account' }, off]);

  await remove(of(id), 'a');
  expect(await shown(of(id), 'a')).toEqual({ ...whole, set_by: 'account' });
  await remove(of(id), 'a'); // what is not there is removed already
  await remove(ofAccount, 'b');
  expect(await shown(ofAccount, 'a')).toEqual({ ...whole, set_by: 'account' });
  await remove(ofAccount, 'a');
  expect([await shown(ofAccount, 'a'), await shown(of(id), 'a')]).toEqual([none, none]);
}, 60_000);

it("keeps a deleted organization's for nobody, and leaves the others'", async () => {
  for (const [id, account] of [
    ['gone', 'a'],
    ['stays', 'a'],
    ['gone', 'b'],
  ] as const) {
    await organization(id, account);
    expect((await put(of(id), night, account)).status).toBe(200);
  }
  expect((await farm.call('DELETE', '/v1/organizations/gone', undefined, at('a'))).status).toBe(204);
  for (const method of ['GET', 'DELETE']) expect((await farm.call(method, of('gone'), undefined, at('a'))).status).toBe(404);
  await organization('gone', 'a');
  expect([await shown(of('gone'), 'a'), (await shown(of('stays'), 'a')).set_by]).toEqual([none, 'organization']);
  expect((await shown(of('gone'), 'b')).set_by).toBe('organization');
});

it('leaves no quiet hours of an organization that is deleted meanwhile', async () => {
  for (let n = 0; n < 10; n++) {
    const id = `race${n}`;
    await organization(id, 'b');
    const [set, gone] = await Promise.all([
      put(of(id), night, 'b'),
      farm.call('DELETE', `/v1/organizations/${id}`, undefined, at('b')),
    ]);
    // set in time, it is answered as it was set, or that it is gone already
    expect([[200, 404].includes(set.status), gone.status]).toEqual([true, 204]);
    await organization(id, 'b');
    expect(await shown(of(id), 'b')).toEqual(none);
  }
}, 30_000);

it('tells who folds of every change before it is answered', async () => {
  const bus = await Bus.connect({ url: farm.nats.url, name: 'test' });
  const heard: string[] = [];
  bus.nc.subscribe(subjects.ask('rules.quiet.refresh'), {
    callback: (_, message) => void heard.push(message.json<{ account: string }>().account),
  });
  await bus.nc.flush();
  const told = async () => {
    await bus.nc.flush();
    return heard.splice(0);
  };
  await organization('told', 'b');
  await put(ofAccount, night, 'a');
  expect(await told()).toEqual(['a']);
  await put(of('told'), night, 'b');
  expect(await told()).toEqual(['b']);
  await remove(ofAccount, 'a');
  expect(await told()).toEqual(['a']);
  // one that is made with the same id must not have these
  await farm.call('DELETE', '/v1/organizations/told', undefined, at('b'));
  expect(await told()).toEqual(['b']);
  await put(of('nowhere'), night, 'b');
  expect(await told()).toEqual([]);
  await bus.close();
});

it.each(['GET', 'PUT', 'DELETE'])('%s says which organization there is not', async (method) => {
  const answer = await farm.call(method, of('nowhere'), method === 'PUT' ? night : undefined, at('a'));
  expect([answer.status, answer.body.detail]).toEqual([
    404,
    'Organization nowhere does not exist in this account: see GET /v1/organizations',
  ]);
});

it('refuses what is wrong with each fault and its cure, and keeps what was set', async () => {
  await put(ofAccount, night, 'a');
  const { status, body } = await put(ofAccount, { start: '10pm', timezone: 'PST', set_by: 'account' }, 'a');
  expect([status, body.errors]).toEqual([
    422,
    expect.arrayContaining([
      { path: 'start', message: "must be a time of day as HH:MM, e.g. '22:00'" },
      { path: 'end', message: "is required: must be a time of day as HH:MM, e.g. '22:00'" },
      { path: 'timezone', message: expect.stringContaining('must be a time zone of the IANA database') },
      { path: 'set_by', message: 'is not a known key' },
    ]),
  ]);
  expect(await shown(ofAccount, 'a')).toEqual({ ...whole, set_by: 'account' });
  await remove(ofAccount, 'a');
});
