import { Problem } from '#contracts';
import { type TestNats, testNats, until } from '#testing';
import { answer, ask, Bus } from './index.js';

describe('ask() and answer()', () => {
  let nats: TestNats;
  let asker: Bus;
  let owner: Bus;
  let errors: unknown[];
  const channel = { account: 'default', id: 'c1' };
  beforeAll(async () => {
    nats = await testNats({ maxPayload: 64 * 1024 });
    asker = await Bus.connect({ url: nats.url, name: 'gateway' });
  });
  beforeEach(async () => {
    errors = [];
    owner = await Bus.connect({ url: nats.url, name: 'rules' });
  });
  afterEach(() => owner.close());
  afterAll(async () => {
    await asker.close();
    await nats.stop();
  });
  const owned = async (handle: (input: typeof channel) => Promise<null>) => {
    answer(owner, 'rules.channel.delete', handle, (error) => errors.push(error));
    await owner.nc.flush();
  };
  const refusal = (timeoutMs?: number) =>
    ask(asker, 'rules.channel.delete', channel, timeoutMs).then(
      () => undefined,
      (problem: Problem) => problem,
    );

  it('carries question and answer', async () => {
    answer(owner, 'journal.event.known', async ({ account, ids }) => ids.map((id) => `${account}/${id}`));
    await owner.nc.flush();
    expect(await ask(asker, 'journal.event.known', { account: 'ä🖨', ids: ['1', '2'] })).toEqual(['ä🖨/1', 'ä🖨/2']);
  });

  it('carries null', async () => {
    await owned(async () => null);
    expect(await ask(asker, 'rules.channel.delete', channel)).toBeNull();
  });

  it('finishes its answer before it closes, and leaves what comes then to others', async () => {
    const finish: (() => void)[] = [];
    await owned(() => new Promise((done) => finish.push(() => done(null))));
    const answered = ask(asker, 'rules.channel.delete', channel);
    await until('it is asked', 5000, () => finish.length > 0);
    const closed = owner.close();
    await until('it takes no more', 5000, async () => (await refusal(200))?.status === 503);
    for (const one of finish) one();
    expect(await answered).toBeNull();
    await closed;
  });

  it('carries a Problem whole', async () => {
    const problem = new Problem(429, 'Too many', 'wait', [{ path: 'a.b', message: 'is wrong' }], 7);
    await owned(async () => {
      throw problem;
    });
    const got = await refusal();
    expect(got).toBeInstanceOf(Problem);
    expect({ ...got }).toEqual({ ...problem });
    expect(errors).toEqual([]);
  });

  it('answers 500 for a fault of the owner, tells it there, and keeps its words to itself', async () => {
    const fault = new Error('password=hush');
    await owned(async () => {
      throw fault;
    });
    const got = await refusal();
    expect([got?.status, got?.message.includes('hush')]).toEqual([500, false]);
    expect(errors).toEqual([fault]);
  });

  it('answers 503 with Retry-After when the owner is away', async () => {
    expect(await refusal()).toMatchObject({
      status: 503,
      retryAfterS: 2,
      detail: 'The rules service does not answer; try again in a few seconds',
    });
  });

  it('answers 503 when the owner is too slow', async () => {
    let finish: () => void = () => {};
    await owned(
      () =>
        new Promise((done) => {
          finish = () => done(null);
        }),
    );
    expect(await refusal(50)).toMatchObject({ status: 503, retryAfterS: 2 });
    finish();
  });

  it('survives a question that is not JSON', async () => {
    await owned(async () => null);
    const reply = await asker.nc.request('farmbell.ask.rules.channel.delete', '{not json', { timeout: 2000 });
    expect(reply.json()).toMatchObject({ problem: { status: 500 } });
    expect(await ask(asker, 'rules.channel.delete', channel)).toBeNull();
  });

  it('survives an answer that is larger than a message may be', async () => {
    answer(
      owner,
      'journal.event.known',
      async () => ['x'.repeat(100_000)],
      (error) => errors.push(error),
    );
    await owner.nc.flush();
    await expect(ask(asker, 'journal.event.known', { account: 'a', ids: [] })).rejects.toMatchObject({ status: 500 });
    expect(String(errors[0])).toMatch(/max_payload/);
  });

  it('survives a question that nobody waits for any more', async () => {
    await owned(async () => null);
    asker.nc.publish('farmbell.ask.rules.channel.delete', JSON.stringify(channel));
    await asker.nc.flush();
    expect(await ask(asker, 'rules.channel.delete', channel)).toBeNull();
  });

  it('shares the questions among replicas', async () => {
    const second = await Bus.connect({ url: nats.url, name: 'rules' });
    const asked = new Set<string>();
    for (const [name, bus] of [
      ['one', owner],
      ['two', second],
    ] as const) {
      answer(bus, 'rules.channel.delete', async () => {
        asked.add(name);
        return null;
      });
      await bus.nc.flush();
    }
    await Promise.all(Array.from({ length: 60 }, () => ask(asker, 'rules.channel.delete', channel)));
    expect([...asked].sort()).toEqual(['one', 'two']);
    await second.close();
    expect(await ask(asker, 'rules.channel.delete', channel)).toBeNull();
  });
});
