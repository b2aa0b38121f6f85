import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { type TestNats, testNats, until } from '#testing';
import { Bus, traceOfMessage } from './index.js';
import { ConnectionLost } from './unanswered.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('publishing', () => {
  let nats: TestNats;
  let bus: Bus;
  beforeAll(async () => {
    nats = await testNats();
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
    await bus.jsm.streams.add({ name: 'T', subjects: ['t.>'], max_msg_size: 1000 });
  });
  afterAll(async () => {
    await bus.close();
    await nats.stop();
  });
  const thrown = (sent: Promise<unknown>): Promise<Error> =>
    sent.then(
      () => Promise.reject(new Error('it was stored')),
      (error) => error,
    );

  it('stores each once, in order, with its id and trace, and says where', async () => {
    const acks = await Promise.all(Array.from({ length: 500 }, (_, n) => bus.publish('t.order', n, { id: `o${n}`, trace })));
    expect(acks.map(({ seq, duplicate, stream }) => [seq - acks[0]!.seq, duplicate, stream])).toEqual(
      acks.map((_, n) => [n, false, 'T']),
    );
    const stored = await bus.jsm.streams.getMessage('T', { seq: acks[3]!.seq });
    expect([stored!.json(), stored!.header.get('Nats-Msg-Id'), traceOfMessage(stored!.header)]).toEqual([3, 'o3', trace]);
    expect(await bus.publish('t.order', 'again', { id: 'o3' })).toMatchObject({ seq: acks[3]!.seq, duplicate: true });
  });

  it('stores what follows on a message only while nothing else does, and in the place of what its subject held', async () => {
    await bus.jsm.streams.add({ name: 'ONE', subjects: ['one.>'], allow_rollup_hdrs: true });
    const first = await bus.publish('one.cursor', 'a', { after: { seq: 0 } });
    const of = { seq: first.seq, subject: 'one.cursor' };
    const beside = await bus.publish('one.work', 'b', { id: 'w1', after: of });
    expect(await bus.publish('one.work', 'b', { id: 'w1', after: of })).toMatchObject({ seq: beside.seq, duplicate: true });
    await bus.publish('one.cursor', 'c', { after: { seq: first.seq }, replaces: true });
    for (const [subject, after] of [['one.cursor', { seq: first.seq }] as const, ['one.work', of] as const])
      expect(await thrown(bus.publish(subject, 'late', { after }))).toMatchObject({ code: 10071 });
    const { state } = await bus.jsm.streams.info('ONE', { subjects_filter: '>' });
    expect(state.subjects).toEqual({ 'one.cursor': 1, 'one.work': 1 });
  });

  it('throws what JetStream says of one, and stores its neighbours', async () => {
    const [before, wrong, after] = await Promise.allSettled([
      bus.publish('t.a', 1),
      bus.publish('t.a', 'x'.repeat(2000)),
      bus.publish('t.a', 2),
    ]);
    expect([before.status, after.status]).toEqual(['fulfilled', 'fulfilled']);
    const { reason } = wrong as PromiseRejectedResult;
    expect([reason instanceof JetStreamApiError, reason.code, reason.message]).toEqual([
      true,
      10054,
      expect.stringMatching(/size/),
    ]);
  });

  it('throws where no stream takes it, and for what no message can hold', async () => {
    expect(await thrown(bus.publish('nowhere', 1))).toBeInstanceOf(JetStreamError);
    expect(await thrown(bus.publish('t.a', 'x'.repeat(9_000_000)))).toBeInstanceOf(errors.InvalidArgumentError);
  });

  it('throws when the answer takes too long', async () => {
    const silent = bus.nc.subscribe('silent', { callback: () => {} });
    expect(await thrown(bus.publish('silent', 1, { timeoutMs: 300 }))).toBeInstanceOf(errors.TimeoutError);
    silent.unsubscribe();
  });

  it('throws at once what the server refuses its user', async () => {
    const service = await Bus.connect({ url: nats.urlOf('journal'), name: 'journal' });
    const refused = await thrown(service.publish('farmbell.disable.default.c1', {}, { timeoutMs: 60_000 }));
    expect([refused instanceof errors.RequestError, refused.message]).toEqual([
      true,
      expect.stringMatching(/permissions violation/i),
    ]);
    await service.close();
  });

  it('throws when the connection was lost with the answer, or is closed', async () => {
    const other = await Bus.connect({ url: nats.url, name: 'other' });
    other.nc.subscribe('silent', { callback: () => {} });
    const lost = thrown(other.publish('silent', 1, { timeoutMs: 60_000 }));
    await other.nc.flush();
    await nats.kill();
    await nats.start();
    expect(await lost).toBeInstanceOf(ConnectionLost);
    await until('messages are stored again', 10_000, () => other.publish('t.a', 3, { timeoutMs: 1000 }));
    const closed = thrown(other.publish('silent', 1, { timeoutMs: 60_000 }));
    await other.nc.flush();
    await other.nc.close();
    expect(await closed).toBeInstanceOf(errors.ClosedConnectionError);
    expect(await thrown(other.publish('t.a', 4))).toBeInstanceOf(errors.ClosedConnectionError);
  }, 60_000);
});
