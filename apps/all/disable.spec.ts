import { receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

interface Status {
  state: string;
  failures: number;
  reason: string | null;
}

it('disables at the tenth failure exactly, counts through successes and restarts, and starts at zero when enabled again', async () => {
  let status = 500;
  const failing = await receiver(() => ({ status }));
  const other = await receiver();
  const lines: string[] = [];
  const farm = await testFarm(modules, {}, undefined, (line) => void lines.push(line));
  const { call } = farm;
  const made = await call('POST', '/v1/channels', {
    name: 'failing',
    type: 'webhook',
    events: ['job.*'],
    retry: { mode: 'once' },
    settings: { url: failing.origin },
  });
  await call('POST', '/v1/channels', { name: 'other', type: 'webhook', events: ['channel.*'], settings: { url: other.origin } });
  const path = `/v1/channels/${made.body.id}`;
  const stateOf = async (): Promise<Status> => (await call('GET', path)).body.status;
  let published = 0;
  const fail = async (count: number) => {
    for (let i = 0; i < count; i++) {
      published++;
      await call('POST', '/v1/events', { type: 'job.started', printer: { id: 'p1' } });
    }
    await until(`${published} attempts`, 10_000, () => failing.requests.length === published);
  };
  const failures = (count: number) =>
    until(`${count} failures`, 10_000, async () => (await stateOf()).failures === count && stateOf());

  await fail(4);
  expect(await failures(4)).toMatchObject({ state: 'healthy' });
  await fail(1);
  expect(
    await until('failing', 10_000, async () => ((await stateOf()).state === 'failing' ? stateOf() : undefined)),
  ).toMatchObject({ failures: 5 });
  await farm.restart();
  await fail(4);
  expect(await failures(9)).toMatchObject({ state: 'failing' });
  status = 204;
  await fail(1);
  await until('the success', 10_000, async () => (await call('GET', path)).body.status.last_success_at);
  expect(await stateOf()).toMatchObject({ state: 'failing', failures: 9 });
  await farm.restart();
  status = 500;
  expect((await call('GET', path)).body.enabled).toBe(true);
  await fail(1);
  const disabled = await until('disabled', 10_000, async () => ((await stateOf()).state === 'disabled' ? stateOf() : undefined));
  expect(disabled.reason).toContain('10');
  const told = await other.next((request) => (request.json as { type: string }).type === 'channel.disabled', 10_000);
  expect(told.json).toMatchObject({ severity: 'error', data: { channel_id: made.body.id, channel_name: 'failing' } });
  expect(other.requests.map((request) => (request.json as { type: string }).type)).toEqual([
    'channel.failing',
    'channel.disabled',
  ]);
  // each failure, and what it led to, left a line
  const said = lines.map((line) => JSON.parse(line)).filter(({ channel }) => channel === made.body.id);
  expect(said.filter(({ msg }) => msg === 'A delivery failed for good.')).toHaveLength(10);
  expect(said.at(-1)).toMatchObject({
    level: 40,
    msg: expect.stringMatching(/was disabled/),
    reason: expect.stringContaining('10'),
  });

  expect((await call('POST', `${path}/enable`)).status).toBe(200);
  expect(await stateOf()).toMatchObject({ state: 'healthy', failures: 0 });
  await fail(1);
  expect(await failures(1)).toMatchObject({ state: 'healthy' });
  await failing.close();
  await other.close();
  await farm.stop();
}, 90_000);
