import { Bus } from '#bus';
import type { FarmEvent, Rejection } from '#contracts';
import { makeLog, readConfig, start } from '#runtime';
import { type TestNats, testNats, until } from '#testing';
import { PrinterIngestModule } from './index.js';

describe('bare NATS publishing', () => {
  let nats: TestNats;
  let bus: Bus;
  let publisher: Bus;
  let app: Awaited<ReturnType<typeof start>>;
  const boot = () =>
    start({
      name: 'printer-ingest',
      modules: [PrinterIngestModule],
      config: readConfig({ NATS_URL: nats.url }),
      log: makeLog({ name: 'test', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
    });
  beforeAll(async () => {
    nats = await testNats();
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
    for (const account of ['default', 'school']) await (await bus.bucket('ACCOUNTS')).put(account, '{}');
    app = await boot();
    publisher = await Bus.connect({ url: nats.publisherUrl, name: 'publisher' });
  });
  beforeEach(async () => {
    for (const stream of ['EVENTS', 'REJECTED']) await bus.jsm.streams.purge(stream);
  });
  afterAll(async () => {
    await publisher.close();
    await app.close();
    await bus.close();
    await nats.stop();
  });
  const messages = async (stream: string) => (await bus.jsm.streams.info(stream)).state.messages;
  const all = async <T>(stream: string): Promise<T[]> => {
    const { messages: count, first_seq } = (await bus.jsm.streams.info(stream)).state;
    const read = Array.from({ length: count }, (_, i) => bus.jsm.streams.getMessage(stream, { seq: first_seq + i }));
    return (await Promise.all(read)).map((message) => message!.json<T>());
  };
  const workedOff = () => until('INGEST is worked off', 20_000, async () => (await messages('INGEST')) === 0);

  it('takes events in, filling from the subject what the body leaves out', async () => {
    await publisher.publish('farmbell.ingest.default.job.failed', { id: 'e1', job: { name: 'Benchy' } });
    await publisher.publish('farmbell.ingest.school.custom.door.open', { id: 'e2', title: 'Door', account: 'school' });
    await publisher.publish('farmbell.ingest.default.printer.online', {});
    await workedOff();
    const events = (await all<FarmEvent>('EVENTS')).sort((a, b) => a.account.localeCompare(b.account));
    expect(events.map(({ account, type, title }) => [account, type, title])).toEqual([
      ['default', 'job.failed', 'Print Failed: Benchy'],
      ['default', 'printer.online', 'Printer Online'],
      ['school', 'custom.door.open', 'Door'],
    ]);
    expect(events[1]!.id).toMatch(/^[a-z0-9]{9}-\d+$/);
    expect(await messages('REJECTED')).toBe(0);
  });

  it.each<[string, string, unknown, string | null, string, RegExp]>([
    ['a type of nobody', 'default.job.nonsense', {}, 'default', 'type', /'job.nonsense' is not in the catalogue/],
    [
      'another type in the body',
      'default.job.failed',
      { type: 'job.started' },
      'default',
      'type',
      /is 'job.started', but the subject says 'job.failed'/,
    ],
    [
      'another account in the body',
      'default.job.failed',
      { account: 'school' },
      'default',
      'account',
      /is 'school', but .* of 'default'/,
    ],
    ["Farmbell's own type", 'default.channel.test', {}, 'default', 'type', /Farmbell alone/],
    ['a faulty event', 'default.job.failed', { job: { progress: 900 } }, 'default', 'job.progress', /100/],
    ['what is not JSON', 'default.job.failed', 'not json', 'default', '', /^is not JSON$/],
    ['a list', 'default.job.failed', [{}], 'default', '', /must be a JSON object/],
    ['null', 'default.job.failed', 'null', 'default', '', /must be a JSON object/],
    [
      'an unknown account',
      'nobody.job.failed',
      {},
      'nobody',
      'account',
      /'nobody' does not exist: make it with POST \/v1\/accounts/,
    ],
    ['a subject without type', 'default', {}, null, 'account', /must be farmbell.ingest.<account>.<type>/],
    ['an odd account', 'de$fault.job.failed', {}, 'de$fault', 'account', /must be farmbell.ingest.<account>.<type>/],
  ])('rejects %s with a reason', async (_, subject, body, account, path, message) => {
    await publisher.publish(`farmbell.ingest.${subject}`, body);
    await publisher.publish('farmbell.ingest.default.job.paused', {});
    await workedOff();
    expect(await all<Rejection>('REJECTED')).toEqual([
      {
        id: expect.stringMatching(/^INGEST-\d+$/),
        at: expect.any(String),
        service: 'printer-ingest',
        subject: `farmbell.ingest.${subject}`,
        account: account ?? '',
        errors: [{ path, message: expect.stringMatching(message) }],
        body: typeof body === 'string' ? body : JSON.stringify(body),
      },
    ]);
    expect((await all<FarmEvent>('EVENTS')).map((event) => event.type)).toEqual(['job.paused']);
  });

  it('rejects a body of faults without end, and goes on', async () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key-${i}-${'x'.repeat(20)}`, 1]));
    await publisher.publish('farmbell.ingest.default.job.failed', wide);
    await publisher.publish('farmbell.ingest.default.job.paused', {});
    await workedOff();
    const [rejection] = await all<Rejection>('REJECTED');
    expect(rejection!.errors.length).toBeLessThan(110);
    expect(rejection!.errors.at(-1)!.message).toMatch(/more faults/);
    expect(await messages('EVENTS')).toBe(1);
  });

  it('keeps the order of a thousand, good and bad, of two accounts', async () => {
    const sent = Array.from({ length: 1000 }, (_, n) => ({ n, account: n % 7 ? 'default' : 'school', bad: n % 50 === 9 }));
    await Promise.all(
      sent.map(({ n, account, bad }) =>
        publisher.publish(`farmbell.ingest.${account}.job.${bad ? 'nonsense' : 'progress'}`, { title: String(n) }),
      ),
    );
    await workedOff();
    const taken = await all<FarmEvent>('EVENTS');
    for (const account of ['default', 'school']) {
      const titles = taken.filter((event) => event.account === account).map((event) => Number(event.title));
      expect(titles).toEqual(sent.filter((one) => !one.bad && one.account === account).map(({ n }) => n));
    }
    expect(await messages('REJECTED')).toBe(20);
  });

  it('makes no second event of a redelivered message', async () => {
    await app.close();
    await publisher.publish('farmbell.ingest.default.job.failed', { title: 'once' });
    // a reader that is killed after it stored and before it acked
    const info = await bus.jsm.streams.getMessage('INGEST', { last_by_subj: 'farmbell.ingest.default.job.failed' });
    const id = `${info!.time.getTime().toString(36).padStart(9, '0')}-${info!.seq}`;
    await bus.publish('farmbell.event.default.job.failed', { id, title: 'once' }, { id: `default/${id}` });
    app = await boot();
    await workedOff();
    expect((await all<FarmEvent>('EVENTS')).map((event) => event.id)).toEqual([id]);
  });

  it('goes on in order behind a reader that was killed with messages in hand', async () => {
    await app.close();
    const killed = await Bus.connect({ url: nats.url, name: 'killed' });
    for (let n = 0; n < 10; n++) await publisher.publish('farmbell.ingest.default.job.progress', { title: String(n) });
    const held = await (await killed.js.consumers.get('INGEST', 'printer-ingest')).fetch({ max_messages: 5, expires: 1000 });
    const taken: string[] = [];
    for await (const message of held) taken.push(message.json<FarmEvent>().title);
    expect(taken).toHaveLength(5);
    await killed.nc.close();
    app = await boot();
    await workedOff();
    expect((await all<FarmEvent>('EVENTS')).map((event) => event.title)).toEqual(Array.from({ length: 10 }, (_, n) => String(n)));
  });

  it('has one reader at a time: a second service waits, and takes over when the first ends', async () => {
    const second = await boot();
    for (let n = 0; n < 100; n++) await publisher.publish('farmbell.ingest.default.job.progress', { title: String(n) });
    await app.close();
    for (let n = 100; n < 200; n++) await publisher.publish('farmbell.ingest.default.job.progress', { title: String(n) });
    await workedOff();
    expect((await all<FarmEvent>('EVENTS')).map((event) => Number(event.title))).toEqual(
      Array.from({ length: 200 }, (_, n) => n),
    );
    app = second;
  });
});
