import type { Rejection } from '#contracts';
import { type TestNats, testNats, until } from '#testing';
import { Bus, consume, type Incoming, Poison } from './index.js';

type Body = { n: number; poison?: boolean };

/** A handle that waits until it is opened. */
function holding() {
  let open: () => void = () => {};
  let enter: () => void = () => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  const entered = new Promise<void>((done) => {
    enter = done;
  });
  const handle = () => {
    enter();
    return opened;
  };
  return { handle, entered, open };
}

describe('consume()', () => {
  let nats: TestNats;
  let bus: Bus;
  let stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    nats = await testNats();
  });
  beforeEach(async () => {
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
    await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    stops = [];
    for (const stream of ['INGEST', 'EVENTS', 'REJECTED']) await bus.jsm.streams.delete(stream);
    await bus.close();
  });
  afterAll(() => nats.stop());

  const read = (handle: (messages: Incoming<Body>[]) => Promise<void>, more = {}, on = bus) => {
    const stop = new AbortController();
    const errors: unknown[] = [];
    const options = { stream: 'INGEST', durable: 'reader', signal: stop.signal, onError: (error: unknown) => errors.push(error) };
    const running = consume<Body>(on, { ...options, ...more } as typeof options & { stream: 'INGEST' }, handle);
    const end = async () => {
      stop.abort();
      await running;
    };
    stops.push(end);
    return { end, errors };
  };
  const put = async (count: number, subject = 'farmbell.ingest.default.job.progress', from = 1) => {
    for (let n = from; n < from + count; n++) await bus.publish(subject, { n });
  };
  const left = async (stream = 'INGEST') => (await bus.jsm.streams.info(stream)).state.messages;
  const rejected = async () => {
    const { messages, first_seq } = (await bus.jsm.streams.info('REJECTED')).state;
    const stored = Array.from({ length: messages }, (_, i) => bus.jsm.streams.getMessage('REJECTED', { seq: first_seq + i }));
    return (await Promise.all(stored)).map((message) => message!.json<Rejection>());
  };
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  it('hands out in order, in batches of whatever has come, and acks each', async () => {
    await put(300);
    const seen: number[] = [];
    const sizes: number[] = [];
    read(
      async (messages) => {
        sizes.push(messages.length);
        await bus.nc.flush();
        for (const { body, subject } of messages) {
          expect(subject).toBe('farmbell.ingest.default.job.progress');
          seen.push(body.n);
        }
      },
      { max: 50 },
    );
    await until('all are acked', 5000, async () => (await left()) === 0);
    expect(seen).toEqual(upTo(300));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
  });

  it('acks nothing before handle has ended', async () => {
    await put(3);
    const gate = holding();
    read(gate.handle);
    await gate.entered;
    expect(await left()).toBe(3);
    gate.open();
    await until('all are acked', 5000, async () => (await left()) === 0);
  });

  it('tries again when the surroundings are away, and lets nothing overtake', async () => {
    await put(100);
    const seen: number[] = [];
    let failures = 2;
    const { errors } = read(
      async (messages) => {
        if (messages.some(({ body }) => body.n === 5) && failures-- > 0)
          throw Object.assign(new Error('no database'), { code: 'ECONNREFUSED' });
        seen.push(...messages.map(({ body }) => body.n));
      },
      { max: 10 },
    );
    await until('all are acked', 10_000, async () => (await left()) === 0);
    expect(seen).toEqual(upTo(100));
    expect(errors.map(String)).toEqual(['Error: no database', 'Error: no database']);
    expect(await rejected()).toEqual([]);
  });

  it('puts the one poison message on REJECTED, its secrets taken out, and works off the rest once', async () => {
    await put(5);
    const body = { n: 6, poison: true, token: 'hush', nested: { ApiKey: 'ps"st', ok: 'shown' } };
    await bus.publish('farmbell.ingest.default.job.failed', body);
    await put(5, undefined, 7);
    const seen: number[] = [];
    let tries = 0;
    read(async (messages) => {
      if (messages.some((message) => message.body.poison && ++tries)) throw new TypeError('cannot read this');
      seen.push(...messages.map((message) => message.body.n));
    });
    await until('all are worked off', 20_000, async () => (await left()) === 0);
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
    expect(tries).toBeGreaterThanOrEqual(5);
    const [rejection, ...others] = await rejected();
    expect(others).toEqual([]);
    expect(rejection).toMatchObject({
      id: expect.stringMatching(/^INGEST-\d+$/),
      service: 'spec',
      subject: 'farmbell.ingest.default.job.failed',
      account: 'default',
      errors: [{ path: '', message: 'could not be worked off: cannot read this' }],
    });
    expect(Date.parse(rejection!.at)).not.toBeNaN();
    expect(JSON.parse(rejection!.body)).toEqual({
      n: 6,
      poison: true,
      token: '[redacted]',
      nested: { ApiKey: '[redacted]', ok: 'shown' },
    });
  });

  it('rejects at once what handle calls Poison', async () => {
    await put(2);
    const errors = [{ path: 'type', message: 'is wrong' }];
    let tries = 0;
    read(async (messages) => {
      if (messages.length === 1 && messages[0]!.body.n === 2) tries++;
      if (messages.some(({ body }) => body.n === 2)) throw new Poison(errors);
    });
    await until('both are worked off', 5000, async () => (await left()) === 0);
    expect(tries).toBe(1);
    expect(await rejected()).toMatchObject([{ errors, body: '{"n":2}' }]);
  });

  it('rejects what is not JSON, and what is far too large to repeat whole', async () => {
    await bus.publish('farmbell.ingest.default.job.failed', `{"password": "hush, ${'x'.repeat(500_000)}`);
    await put(1);
    const seen: number[] = [];
    read(async (messages) => void seen.push(...messages.map(({ body }) => body.n)));
    await until('both are worked off', 5000, async () => (await left()) === 0);
    expect(seen).toEqual([1]);
    expect(await rejected()).toMatchObject([
      { errors: [{ path: '', message: 'is not JSON' }], body: '{"password": "[redacted]"' },
    ]);
  });

  it('takes over a consumer that was declared otherwise, as by an earlier version', async () => {
    const { AckPolicy } = await import('@nats-io/jetstream');
    await bus.jsm.consumers.add('INGEST', { durable_name: 'reader', ack_policy: AckPolicy.Explicit, ack_wait: 5e9 });
    await put(3);
    read(async () => {});
    await until('all are acked', 5000, async () => (await left()) === 0);
    expect((await bus.jsm.consumers.info('INGEST', 'reader')).config.ack_wait).toBe(30e9);
  });

  it('gives back what it holds when it ends, so that the next one has it at once and in order', async () => {
    await put(100);
    const first: number[] = [];
    const gate = holding();
    const { end } = read(
      (messages) => {
        first.push(...messages.map(({ body }) => body.n));
        return gate.handle();
      },
      { max: 10, fresh: true },
    );
    await gate.entered;
    const ended = end();
    gate.open();
    await ended;
    const second: number[] = [];
    read(async (messages) => void second.push(...messages.map(({ body }) => body.n)), { fresh: true });
    await until('all are acked', 5000, async () => (await left()) === 0);
    expect([...first, ...second]).toEqual(upTo(100));
  });

  it('with fresh, takes over what a killed reader held: at once, in order', async () => {
    await put(20);
    const killed = await Bus.connect({ url: nats.url, name: 'killed' });
    const gate = holding();
    stops.push(async () => gate.open());
    read(gate.handle, { fresh: true, max: 5 }, killed);
    await gate.entered;
    await killed.nc.close();
    await put(5, undefined, 21);
    const seen: number[] = [];
    read(async (messages) => void seen.push(...messages.map(({ body }) => body.n)), { fresh: true });
    await until('all are acked', 5000, async () => (await left()) === 0);
    expect(seen).toEqual(upTo(25));
  });

  it('with fresh, takes none before one that was lost on its way', async () => {
    const seen: number[] = [];
    const { errors } = read(async (messages) => void seen.push(...messages.map(({ body }) => body.n)), { fresh: true });
    const lost = await until('the consumer', 5000, () => bus.js.consumers.get('INGEST', 'reader').catch(() => undefined));
    const taken = lost.next({ expires: 10_000 });
    await bus.nc.flush();
    await put(20);
    const { n } = (await taken)!.json<Body>();
    await until('all are acked', 10_000, async () => (await left()) === 0);
    expect(seen).toEqual(upTo(20));
    expect(errors).toEqual(n === 20 ? [] : [new Error('a message of INGEST was lost on its way: all are read again, in order')]);
  });
});
