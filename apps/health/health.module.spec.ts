import { ask, Bus } from '#bus';
import { type Report, subjects } from '#contracts';
import { makeLog, Probes, readConfig, start } from '#runtime';
import { testDatabase, testNats, until } from '#testing';
import { HealthModule } from './index.js';

const report = (n: number): Report => {
  const at = new Date().toISOString();
  return {
    delivery: `d${n}`,
    account: 'default',
    channel: 'c1',
    channel_type: 'webhook',
    event_id: 'e1',
    event_type: 'job.failed',
    epoch: 1,
    created_at: at,
    at,
    attempt: { n: 1, at, latency_ms: 5, status: 500, reason: 'server', answer: '' },
    outcome: 'failed',
    reason: 'server',
    next_attempt_at: null,
    meaning: '',
  };
};

describe('the health service', () => {
  let nats: Awaited<ReturnType<typeof testNats>>;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let apps: Awaited<ReturnType<typeof start>>[] = [];
  let bus: Bus;

  const boot = () =>
    start({
      name: 'health',
      modules: [HealthModule],
      config: readConfig({ NATS_URL: nats.url, DATABASE_URL: database.url }),
      log: makeLog({ name: 'health', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
    });
  beforeAll(async () => {
    [nats, database] = await Promise.all([testNats(), testDatabase()]);
    apps = [await boot(), await boot()];
    bus = await Bus.connect({ url: nats.url, name: 'test' });
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await bus?.close();
    await nats?.stop();
    await database?.drop();
  });

  const send = (n: number) => bus.publish(subjects.attempt('webhook', 'c1'), report(n));
  const failures = async () =>
    (await ask(bus, 'health.status', { account: 'default', channels: [{ id: 'c1', epoch: 1 }] })).c1!.failures;
  const commands = async () => (await bus.jsm.streams.info('COMMANDS')).state.messages;

  it('counts with two replicas, over a restart of both, and disables once', async () => {
    for (let n = 1; n <= 9; n++) await send(n);
    await until('nine are counted', 15_000, async () => (await failures()) === 9);
    await Promise.all(apps.map((app) => app.close()));
    await send(9);
    apps = [await boot(), await boot()];
    await until('another replica is ready', 5_000, async () => (await failures()) === 9);
    expect(await commands()).toBe(0);
    await send(10);
    await until('the channel is to be disabled', 15_000, async () => (await commands()) === 1);
    await send(11);
    await until('the eleventh is counted', 15_000, async () => (await failures()) === 11);
    expect(await commands()).toBe(1);
    expect(await apps[0]!.get(Probes, { strict: false }).failing()).toEqual([]);
  });
});
