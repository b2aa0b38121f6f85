import { type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const account = 'school';
const as = { 'farmbell-account': account };
let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Receiver;
/** What the receiver answers. */
let status = 204;
beforeAll(async () => {
  [farm, sink] = await Promise.all([testFarm(modules), receiver(() => ({ status }))]);
  await farm.call('POST', '/v1/accounts', { id: account, plan: 'commercial' });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
});

const call = (method: string, path: string, body?: unknown) => farm.call(method, path, body, as);
const plan = (to: string) => farm.call('PATCH', `/v1/accounts/${account}`, { plan: to });
const hook = async (name: string, more: object = {}) =>
  (await call('POST', '/v1/channels', { name, type: 'webhook', settings: { url: `${sink.origin}/${name}` }, ...more })).body
    .id as string;
const channel = async (id: string) => (await call('GET', `/v1/channels/${id}`)).body;
const states = async (...ids: string[]) => {
  const all = await Promise.all(ids.map(channel));
  return all.map(({ enabled, status: { reason } }) => (enabled ? 'enabled' : reason));
};
const publish = (id: string) => call('POST', '/v1/events', { id, type: 'job.started' });
const arrived = (name: string) => sink.requests.filter(({ url }) => url === `/${name}`).map(({ json }) => json.id as string);
const byPlan = expect.stringMatching(/^plan hobby: .*PATCH \/v1\/accounts\/\{id\} \{"plan": "commercial"\}/);

it('disables webhook channels with the plan, cancels what waits for them, and enables again what it had disabled', async () => {
  const [runs, off, waits] = [await hook('runs'), await hook('off'), await hook('waits', { events: ['job.failed'] })];
  const made = await call('POST', '/v1/channels', {
    name: 'chat',
    type: 'slack',
    settings: { url: 'https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx' },
    events: ['custom.never'],
  });
  const chat = made.body.id;
  await call('POST', `/v1/channels/${off}/disable`);
  status = 500;
  await call('POST', '/v1/events', { id: 'waiting', type: 'job.failed' });
  const delivery = async () => (await call('GET', `/v1/channels/${waits}/deliveries`)).body.data[0];
  await until('it waits for its next attempt', 15_000, async () => (await delivery())?.next_attempt_at);
  status = 204;

  expect((await plan('hobby')).body.plan).toBe('hobby');
  expect(await states(runs, waits, off, chat)).toEqual([byPlan, byPlan, 'disabled by a person', 'enabled']);
  await publish('unheard');
  await until('it is cancelled', 15_000, async () => (await delivery()).outcome === 'cancelled');
  expect((await call('POST', `/v1/channels/${runs}/enable`)).status).toBe(403);
  // a person's word outlasts the plan's
  await call('POST', `/v1/channels/${waits}/disable`);
  expect(await states(waits)).toEqual(['disabled by a person']);
  // once more changes nothing
  const { updated_at } = await channel(runs);
  await plan('hobby');
  expect((await channel(runs)).updated_at).toBe(updated_at);

  await plan('commercial');
  expect(await states(runs, waits, off, chat)).toEqual(['enabled', 'disabled by a person', 'disabled by a person', 'enabled']);
  await publish('heard');
  await until('it arrives', 15_000, () => arrived('runs').includes('heard'));
  expect(arrived('runs')).not.toContain('unheard');
}, 60_000);

it('a changed format brings its presets where nobody chose otherwise', async () => {
  const id = await hook('format');
  const chosen = await hook('chosen', { retry: { mode: 'backoff', attempts: 3 } });
  const patch = async (one: string, body: object) => (await call('PATCH', `/v1/channels/${one}`, body)).body;
  const format = (name: string) => ({ settings: { format: name } });
  const usual = (await channel(id)).retry;
  expect(usual.mode).toBe('backoff');
  expect((await patch(id, format('odin'))).retry).toEqual({ mode: 'once', attempts: 1 });
  const strict = await patch(id, format('octoeverywhere'));
  expect([strict.retry, strict.settings.success]).toEqual([usual, '200']);
  const said = await patch(id, { ...format('printago'), retry: { mode: 'backoff', attempts: 2 } });
  expect([said.retry, said.settings.success]).toEqual([{ mode: 'backoff', attempts: 2 }, '2xx']);
  expect((await patch(chosen, format('odin'))).retry).toEqual({ mode: 'backoff', attempts: 3 });
  expect((await patch(chosen, { retry: { mode: 'once' } })).retry).toEqual({ mode: 'once', attempts: 1 });
  expect((await patch(chosen, { retry: { mode: 'backoff' } })).retry).toEqual(usual);
});
