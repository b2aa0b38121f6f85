import { Bus } from '#bus';
import type { Delivery, Report } from '#contracts';
import type { Database } from '#runtime';
import { type TestNats, testDatabase, testNats, until } from '#testing';
import type { Receipt } from './channel.js';
import { createHttp, egressPolicy } from './http/index.js';
import { Memory } from './memory.js';
import { Receiving } from './receiving.js';
import { deliveryOf, eventOf, readyOf, replyOf, typeOf } from './samples.js';
import { openWaiting } from './schema.js';
import { Scopes } from './scopes.js';

describe('messages that somebody is to acknowledge', () => {
  let nats: TestNats;
  let place: Awaited<ReturnType<typeof testDatabase>>;
  let bus: Bus;
  let database: Database;
  let scopes: Scopes;
  let faults: unknown[];
  /** What the provider says of a receipt. */
  let states: Record<string, Receipt | undefined>;
  let read: string[];
  let cancelled: [string, unknown][];
  let refuses: boolean;
  let deleted: boolean;
  let stops: (() => Promise<void>)[] = [];
  const http = createHttp({ policy: egressPolicy({ allow: [], forbidden: [], trusted: [] }), userAgent: 'x' });
  beforeAll(async () => {
    [nats, place] = await Promise.all([testNats(), testDatabase()]);
    database = await openWaiting(place.url);
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
  });
  beforeEach(async () => {
    await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
    await database.query('truncate memory');
    [scopes, faults, states, read, cancelled, refuses, deleted] = [new Scopes(), [], {}, [], [], false, false];
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    stops = [];
    await bus.jsm.streams.delete('ATTEMPTS');
  });
  afterAll(async () => {
    await http.close();
    await bus?.close();
    await database?.destroy();
    await nats?.stop();
    await place?.drop();
  });

  const channel = typeOf({
    limits: ({ app }) => [{ key: `app-${app}` }],
    receipts: {
      of: ({ body }) => /r\d+/.exec(body)?.[0],
      everyMs: 20,
      read: async (receipt) => {
        read.push(receipt);
        return states[receipt];
      },
      clears: ({ type }) => type === 'job.resumed',
      cancel: async (receipt, settings) => {
        if (refuses) throw new Error('away');
        cancelled.push([receipt, settings]);
      },
    },
  });
  const make = (lanes = [3]) => {
    const stop = new AbortController();
    const cache = { get: async (id: string) => (deleted ? 'deleted' : readyOf({ app: id }, { id })) } as never;
    const memory = new Memory(database, 'telegram');
    const parts = { bus, channel, cache, memory, scopes, http, origin: 'https://x.example', lanes: () => lanes };
    return { receiving: new Receiving({ ...parts, onError: (error) => faults.push(error), signal: stop.signal }), stop };
  };
  const run = (lanes?: number[]) => {
    const { receiving, stop } = make(lanes);
    const running = receiving.run();
    stops.push(async () => {
      stop.abort();
      scopes.wake();
      await running;
    });
  };
  const open = (id: string, receipt: string, over: Partial<Delivery> = {}) =>
    make().receiving.opened(
      deliveryOf(id, { event: eventOf('job.failed', { printer: { id: 'p1' } }), ...over }),
      replyOf(200, receipt),
    );
  const kept = async () => (await database.rows<{ key: string }>('select key from memory order by key')).map(({ key }) => key);
  const reports = async () => {
    const { state } = await bus.jsm.streams.info('ATTEMPTS');
    const all = Array.from({ length: state.messages }, (_, n) =>
      bus.jsm.streams.getMessage('ATTEMPTS', { seq: state.first_seq + n }),
    );
    return (await Promise.all(all)).map((message) => ({ id: message!.header.get('Nats-Msg-Id'), body: message!.json<Report>() }));
  };

  it('are watched until somebody has, and that is told once', async () => {
    await open('d1', 'r1', { replay_of: undefined });
    run();
    await until('it was asked for', 5000, () => read.length >= 2);
    expect([await reports(), await kept()]).toEqual([[], ['receipt/c1/r1']]);
    states.r1 = { ended: true, acknowledged_at: '2026-03-01T12:05:00.000Z', acknowledged_by: "Ada's phone" };
    await until('it is told', 5000, async () => (await kept()).length === 0);
    expect(await reports()).toEqual([
      {
        id: 'd1:acknowledged',
        body: expect.objectContaining({
          delivery: 'd1',
          channel: 'c1',
          event_id: 'e1',
          event_type: 'job.failed',
          outcome: 'delivered',
          at: '2026-03-01T12:05:00.000Z',
          acknowledged: { at: '2026-03-01T12:05:00.000Z', by: "Ada's phone" },
        }),
      },
    ]);
    const before = read.length;
    await open('d2', 'r2');
    await until('another round', 5000, () => read.slice(before).includes('r2'));
    expect(read.slice(before)).not.toContain('r1');
  });

  it('are told once when it is read by two, or read again before it was noted', async () => {
    states.r1 = { ended: false, acknowledged_at: '2026-03-01T12:05:00.000Z' };
    await open('d1', 'r1');
    run();
    run();
    await until('it was read often', 5000, () => read.length > 6);
    expect((await reports()).map(({ id, body }) => [id, body.acknowledged])).toEqual([
      ['d1:acknowledged', { at: '2026-03-01T12:05:00.000Z', by: null }],
    ]);
  });

  it('that nobody acknowledged in time are watched no more, and nothing is told', async () => {
    states.r1 = { ended: true };
    await open('d1', 'r1');
    run();
    await until('it is over', 5000, async () => (await kept()).length === 0);
    expect(await reports()).toEqual([]);
  });

  it('are those with a receipt, no tests, and of lanes that are this process’s', async () => {
    await open('d1', 'no receipt');
    await open('d2', 'r2', { test: { reply: 'x' } });
    await open('d3', 'r3', { lane: 5 });
    await open('d4', 'r4');
    expect(await kept()).toEqual(['receipt/c1/r3', 'receipt/c1/r4']);
    run([3]);
    await until('some rounds', 5000, () => read.length > 3);
    expect(new Set(read)).toEqual(new Set(['r4']));
  });

  it('of a deleted channel are forgotten; one whose provider asked to wait keeps no other from being watched', async () => {
    await open('d1', 'r1', { channel: 'c1' });
    await open('d2', 'r2', { channel: 'c2' });
    scopes.pause('app-c1', 3600_000);
    run();
    await until('the other is watched', 5000, () => read.length > 3);
    expect(new Set(read)).toEqual(new Set(['r2']));
    deleted = true;
    await until('all are forgotten', 5000, async () => (await kept()).length === 0);
  });

  it('are called off when the trouble is over, on the same printer of the same channel', async () => {
    const on = (type: string, printer?: string) => eventOf(type, printer ? { printer: { id: printer } } : {});
    await open('d1', 'r1');
    await open('d2', 'r2', { event: on('job.failed', 'p2') });
    await open('d3', 'r3', { channel: 'c2' });
    await open('d4', 'r4', { event: on('job.failed') });
    const { receiving } = make();
    await receiving.clear(deliveryOf('x', { event: on('job.paused', 'p1') }), {});
    expect(cancelled).toEqual([]);
    await receiving.clear(deliveryOf('x', { event: on('job.resumed', 'p1') }), { app: 'a' });
    expect(cancelled).toEqual([['r1', { app: 'a' }]]);
    expect(await kept()).toEqual(['receipt/c1/r2', 'receipt/c1/r4', 'receipt/c2/r3']);
  });

  it('that could not be called off are so the next time', async () => {
    await open('d1', 'r1');
    const { receiving } = make();
    const over = deliveryOf('x', { event: eventOf('job.resumed', { printer: { id: 'p1' } }) });
    refuses = true;
    await receiving.clear(over, {});
    expect([await kept(), faults]).toEqual([['receipt/c1/r1'], [new Error('away')]]);
    refuses = false;
    await receiving.clear(over, {});
    expect([await kept(), cancelled.length]).toEqual([[], 1]);
  });
});
