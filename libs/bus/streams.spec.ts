import { type TestNats, testNats } from '#testing';
import { Bus, type StreamSettings, streams } from './index.js';

const settings: StreamSettings = { dedupS: 600, retentionDays: 30, replicas: 1 };
const names = ['ATTEMPTS', 'COMMANDS', 'DELIVERIES', 'EVENTS', 'INGEST', 'REJECTED', 'ROUTED'];

describe('streams', () => {
  let nats: TestNats;
  let buses: Bus[];
  beforeAll(async () => {
    nats = await testNats();
    buses = await Promise.all([1, 2, 3, 4, 5].map((n) => Bus.connect({ url: nats.url, name: `process-${n}` })));
  });
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await nats.stop();
  });
  const info = async (name: string) => (await buses[0]!.jsm.streams.info(name)).config;
  const all = async () => (await buses[0]!.jsm.streams.list().next()).map((stream) => stream.config.name).sort();

  it('are made by five processes at once, and stay as they are the next time', async () => {
    await Promise.all(buses.map((bus) => bus.applyStreams(settings)));
    expect(await all()).toEqual(names);
    await buses[0]!.publish('farmbell.event.default.job.started', { kept: true });
    const before = await Promise.all(names.map(info));
    await Promise.all(buses.map((bus) => bus.applyStreams(settings)));
    expect(await Promise.all(names.map(info))).toEqual(before);
    expect((await buses[0]!.jsm.streams.info('EVENTS')).state.messages).toBe(1);
  });

  it('are as declared', async () => {
    for (const { name, subjects, retention } of streams(settings)) {
      expect(await info(name)).toMatchObject({ subjects, retention, storage: 'file', num_replicas: 1 });
    }
    const queues = await Promise.all(['INGEST', 'DELIVERIES'].map(info));
    expect(queues.map((queue) => [queue.retention, queue.max_age])).toEqual([
      ['workqueue', 0],
      ['workqueue', 0],
    ]);
    expect(await info('DELIVERIES')).toMatchObject({ allow_atomic: true, allow_rollup_hdrs: true });
    expect((await info('EVENTS')).max_age).toBe(30 * 86_400 * 1e9);
  });

  it('follow changed settings', async () => {
    await Promise.all(buses.map((bus) => bus.applyStreams({ ...settings, dedupS: 30, retentionDays: 7 })));
    expect(await info('EVENTS')).toMatchObject({ duplicate_window: 30e9, max_age: 7 * 86_400 * 1e9 });
    expect(await info('INGEST')).toMatchObject({ duplicate_window: 30e9, max_age: 0 });
    expect((await buses[0]!.jsm.streams.info('EVENTS')).state.messages).toBe(1);
  });

  it('know a repeated id, and keep the first body', async () => {
    const subject = 'farmbell.event.default.job.failed';
    const first = await buses[0]!.publish(subject, { n: 1 }, { id: 'default/e1' });
    const second = await buses[1]!.publish(subject, { n: 2 }, { id: 'default/e1' });
    const other = await buses[1]!.publish(subject, { n: 3 }, { id: 'other/e1' });
    expect([first.duplicate, second.duplicate, other.duplicate]).toEqual([false, true, false]);
    expect(second.seq).toBe(first.seq);
    expect((await buses[0]!.jsm.streams.getMessage('EVENTS', { seq: first.seq }))?.json()).toEqual({ n: 1 });
  });

  it('let publishers publish, and nothing else', async () => {
    const publisher = await Bus.connect({ url: nats.publisherUrl, name: 'publisher' });
    expect((await publisher.publish('farmbell.ingest.default.job.started', {})).stream).toBe('INGEST');
    await expect(publisher.publish('farmbell.event.default.job.started', {}, { timeoutMs: 500 })).rejects.toThrow();
    await publisher.close();
  });

  it('refuse what no stream takes', async () => {
    await expect(buses[0]!.publish('farmbell.nobody', {}, { timeoutMs: 1000 })).rejects.toThrow(/jetstream is not enabled/);
  });
});
