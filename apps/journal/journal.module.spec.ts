import { ask, Bus } from '#bus';
import { type FarmEvent, type Report, subjects } from '#contracts';
import { makeLog, Probes, readConfig, start } from '#runtime';
import { testDatabase, testNats, until } from '#testing';
import { JournalModule } from './index.js';

const at = new Date().toISOString();
const event = (id: string): FarmEvent => ({
  id,
  type: 'job.failed',
  severity: 'error',
  time: at,
  title: 'Print Failed',
  message: '',
  account: 'default',
});
const report = (delivery: string): Report => ({
  delivery,
  account: 'default',
  channel: 'c1',
  channel_type: 'webhook',
  event_id: 'e1',
  event_type: 'job.failed',
  epoch: 1,
  created_at: at,
  at,
  attempt: { n: 1, at, latency_ms: 5, status: 204, reason: null, answer: '' },
  outcome: 'delivered',
  reason: null,
  next_attempt_at: null,
  meaning: '',
});

describe('the journal', () => {
  let nats: Awaited<ReturnType<typeof testNats>>;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let app: Awaited<ReturnType<typeof start>>;
  let bus: Bus;

  const boot = () =>
    start({
      name: 'journal',
      modules: [JournalModule],
      config: readConfig({ NATS_URL: nats.url, DATABASE_URL: database.url }),
      log: makeLog({ name: 'journal', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
    });
  beforeAll(async () => {
    [nats, database] = await Promise.all([testNats(), testDatabase()]);
    app = await boot();
    bus = await Bus.connect({ url: nats.url, name: 'test' });
  });
  afterAll(async () => {
    await bus?.close();
    await app?.close();
    await nats?.stop();
    await database?.drop();
  });

  const events = async () => (await ask(bus, 'journal.event.list', { account: 'default', limit: 500 })).data.length;
  /** Repeats until the broker has it, as any publisher must. */
  const send = (id: string) =>
    until(`${id} is stored`, 20_000, () =>
      bus
        .publish(subjects.event('default', 'job.failed'), event(id), { id: `default/${id}`, timeoutMs: 1000 })
        .catch(() => undefined),
    );

  it('shows what went over the streams', async () => {
    await send('e1');
    await bus.publish(subjects.routed('default'), {
      account: 'default',
      decisions: [
        {
          event_id: 'e1',
          event_type: 'job.failed',
          channel: 'c1',
          channel_type: 'webhook',
          delivery: 'd1',
          decision: 'due',
          at,
        },
      ],
    });
    await bus.publish(subjects.attempt('webhook', 'c1'), report('d1'));
    await until('the delivery is known', 10_000, async () => {
      const view = await ask(bus, 'journal.delivery.get', { account: 'default', id: 'd1' }).catch(() => undefined);
      return view?.outcome === 'delivered' && view.attempts.length === 1;
    });
    await until('the event is known', 10_000, async () => (await events()) === 1);
    expect(await ask(bus, 'journal.event.known', { account: 'default', ids: ['e1', 'e2'] })).toEqual(['e1']);
    await expect(ask(bus, 'journal.event.get', { account: 'other', id: 'e1' })).rejects.toMatchObject({ status: 404 });
    await expect(ask(bus, 'journal.delivery.list', { account: 'default', limit: 5, cursor: '!' })).rejects.toMatchObject({
      status: 422,
      errors: [{ path: 'cursor', message: expect.any(String) }],
    });
    expect(await app.get(Probes, { strict: false }).failing()).toEqual([]);
  });

  it('puts what it cannot read on REJECTED and reads on', async () => {
    await bus.publish(subjects.event('default', 'job.failed'), { id: 'nothing else' });
    await bus.publish(subjects.event('default', 'job.failed'), 'no JSON');
    await send('e2');
    await until('both refusals are listed', 10_000, async () => {
      const { data } = await ask(bus, 'journal.rejected.list', { account: 'default', limit: 50 });
      return data.length === 2 && data.every((one) => one.service === 'journal');
    });
    await until('the next event is known', 10_000, async () => (await events()) === 2);
  });

  it('misses nothing over a broker that is killed and a journal that is restarted', async () => {
    for (let i = 0; i < 200; i++) await send(`k${i}`);
    await nats.kill();
    await app.close();
    await nats.start();
    app = await boot();
    for (let i = 200; i < 250; i++) await send(`k${i}`);
    // what the broker had not written to disk when it was killed is asked of it, not of the journal
    const stream = await bus.jsm.streams.info('EVENTS');
    await until('all that is stored is known', 20_000, async () => (await events()) >= stream.state.messages - 2);
  });
});
