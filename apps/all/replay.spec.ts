import { type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

let status = 500;
let sink: Receiver;
let other: Receiver;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  [sink, other] = await Promise.all([receiver(() => ({ status })), receiver()]);
  farm = await testFarm(modules);
});
afterAll(async () => {
  await farm?.stop();
  await Promise.all([sink?.close(), other?.close()]);
});

const make = async (url: string, events: string[]) =>
  (
    await farm.call('POST', '/v1/channels', {
      name: 'replayed',
      type: 'webhook',
      events,
      retry: { mode: 'once' },
      auto_disable: { failures: 10_000 },
      settings: { url },
    })
  ).body.id as string;
const publish = async (count: number, type: string, prefix: string) => {
  for (let from = 0; from < count; from += 1000) {
    const events = Array.from({ length: Math.min(1000, count - from) }, (_, n) => ({
      id: `${prefix}${from + n}`,
      type,
      title: 'T',
      printer: { id: `p${n % 50}` },
    }));
    expect((await farm.call('POST', '/v1/events', events)).status).toBe(202);
  }
};
const finished = (id: string, state = 'done') =>
  until(`replay ${id} is ${state}`, 90_000, async () => {
    const { body } = await farm.call('GET', `/v1/replays/${id}`);
    return body.state === state ? body : undefined;
  });

it('sends what failed anew, all of it once, while another channel is not disturbed', async () => {
  const count = 600;
  const channel = await make(sink.origin, ['custom.failing']);
  await make(other.origin, ['custom.other']);
  status = 500;
  const since = new Date().toISOString();
  await publish(count, 'custom.failing', 'f');
  await until('all have failed', 60_000, () => sink.requests.length === count);
  status = 204;
  await publish(1, 'custom.failing', 'good');
  await until('one was taken', 10_000, () => sink.requests.length === count + 1);
  const failed = async () =>
    (await farm.call('GET', `/v1/channels/${channel}/deliveries?outcome=failed&limit=1`)).body.data.length as number;
  await until('the journal knows', 10_000, async () => (await failed()) > 0);
  // the last report of all is in the journal
  await until('the journal has all', 20_000, async () => {
    const { body } = await farm.call('GET', `/v1/events/f${count - 1}/why`);
    return body.channels?.some((one: { decision: string }) => one.decision === 'failed');
  });
  const { status: made, body } = await farm.call('POST', `/v1/channels/${channel}/replay`, { since, outcomes: ['failed'] });
  expect([made, body]).toEqual([201, expect.objectContaining({ channel_id: channel, total: count, state: 'running' })]);
  await publish(20, 'custom.other', 'o');
  await until('the other one has its own', 15_000, () => other.requests.length === 20);
  expect(await finished(body.id)).toMatchObject({ total: count, done: count });
  await until('all have arrived', 60_000, () => sink.requests.length === 2 * count + 1);
  const again = sink.requests.slice(count + 1).map(({ json }) => json.id as string);
  expect(new Set(again).size).toBe(count);
  expect(again).not.toContain('good0');
  const ids = new Set(sink.requests.map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(2 * count + 1);
  const shown = await until('the first is told of', 10_000, async () => {
    const { data } = (await farm.call('GET', `/v1/channels/${channel}/deliveries?limit=1`)).body;
    return data[0]?.replay_of && data[0].outcome === 'delivered' ? data[0] : undefined;
  });
  expect((await farm.call('GET', `/v1/deliveries/${shown.replay_of}`)).body).toMatchObject({
    outcome: 'failed',
    event_id: shown.event_id,
  });
}, 180_000);

it('sends one delivery anew, by types and until a time, and can be stopped', async () => {
  const channel = await make(sink.origin, ['custom.one', 'custom.two']);
  status = 204;
  await publish(1, 'custom.one', 'one');
  await publish(1, 'custom.two', 'two');
  const list = async () => (await farm.call('GET', `/v1/channels/${channel}/deliveries`)).body.data;
  const rows = await until('both have arrived', 15_000, async () => {
    const data = await list();
    return data.length === 2 && data.every((one: { outcome: string }) => one.outcome === 'delivered') ? data : undefined;
  });
  const one = rows.find((row: { event_type: string }) => row.event_type === 'custom.one');
  const single = await farm.call('POST', `/v1/deliveries/${one.id}/replay`);
  expect([single.status, single.body.total]).toEqual([201, 1]);
  await finished(single.body.id);
  await until('it has arrived again', 15_000, async () => (await list()).length === 3);
  expect((await list()).filter((row: { replay_of: string }) => row.replay_of === one.id)).toHaveLength(1);

  const since = '2020-01-01T00:00:00Z';
  const typed = await farm.call('POST', `/v1/channels/${channel}/replay`, { since, types: ['custom.two'] });
  expect(typed.body.total).toBe(1);
  await finished(typed.body.id);
  const none = await farm.call('POST', `/v1/channels/${channel}/replay`, { since, until: '2020-01-02T00:00:00Z' });
  expect(await finished(none.body.id)).toMatchObject({ total: 0, done: 0 });

  // a receiver that takes nothing: what was sent out fills the room, and the rest is stopped
  const fault = await farm.call('POST', `/v1/channels/${channel}/replay`, { since: 'yesterday', types: ['job.nonsense'] });
  expect(fault.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(['since', 'types[0]']);
  expect((await farm.call('DELETE', `/v1/replays/${typed.body.id}`)).status).toBe(204);
  expect((await farm.call('GET', `/v1/replays/${typed.body.id}`)).body.state).toBe('done');
  await farm.call('POST', `/v1/channels/${channel}/disable`);
  expect((await farm.call('POST', `/v1/channels/${channel}/replay`, { since })).status).toBe(409);
}, 60_000);
