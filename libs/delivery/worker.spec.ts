import type { Delivery, Report } from '#contracts';
import { until } from '#testing';
import type { Picture } from './channel.js';
import { Finished } from './finished.js';
import { type Call, type Http, NotBegun } from './http/index.js';
import { Receiving } from './receiving.js';
import { deliveryOf, eventOf, itemOf, readyOf, replyOf, settled, typeOf } from './samples.js';
import { Scopes } from './scopes.js';
import type { AnyChannel } from './settings.js';
import { summaryOf } from './summary.js';
import { surelyUntil } from './surely.js';
import type { WaitingRow } from './waiting.js';
import { type Item, type Turn, Worker } from './worker.js';

let stop: AbortController;
let scopes: Scopes;
let enabled: boolean;
/** Nobody else has taken the lane. */
let mine: boolean;
/** What happened, in order. */
let log: string[];
let reports: Report[];
let rows: WaitingRow[];
let sentAt: number[];
beforeEach(() => {
  [stop, scopes, enabled, mine] = [new AbortController(), new Scopes(), true, true];
  [log, reports, rows, sentAt] = [[], [], [], []];
});
afterEach(() => {
  stop.abort();
  scopes.wake();
});

function open(
  over: Partial<AnyChannel>,
  picture: () => Promise<Picture | undefined> = async () => undefined,
  http: Partial<Http> = {},
) {
  const { signal } = stop;
  const onError = (error: unknown) => log.push(String(error));
  const send = async (...given: Parameters<AnyChannel['send']>) => {
    sentAt.push(Date.now());
    log.push('sent');
    return over.send?.(...given) ?? replyOf();
  };
  const channel = typeOf({ limits: () => [{ key: 'chat', atOnce: 1 }, { key: 'bot' }], ...over, send });
  const bus = {
    publish: async (_: string, report: Report, { id }: { id: string }) => {
      reports.push(report);
      log.push(`report ${id}`);
    },
    nc: { publish: () => log.push('told who asked') },
  };
  const cache = { get: async () => readyOf({}, { enabled, epoch: enabled ? 1 : 2 }) };
  const put = async (row: WaitingRow) => {
    if (!mine) return false;
    rows.push(row);
    log.push(`row ${row.body.attempt}`);
    return true;
  };
  const waiting = { put, fences: { holds: async () => mine } };
  const prints = {
    moved: async (ready: unknown) => ready,
    isDue: async () => true,
    toChange: async () => undefined,
    known: async (one: unknown) => one,
    sent: async () => {},
  };
  const surely = surelyUntil(signal, onError);
  const common = {
    bus,
    channel,
    cache,
    waiting,
    scopes,
    http,
    origin: '',
    onError,
    signal,
  } as never as ConstructorParameters<typeof Receiving>[0] & { waiting: never };
  return new Worker({
    ...common,
    finished: new Finished(),
    prints: prints as never,
    pictures: { of: picture } as never,
    receiving: new Receiving(common),
    links: { publicUrl: '' },
    pageOf: () => '',
    refused: () => undefined,
    itemOf: (row) => itemOf(row.body, { seq: row.seq, settle: () => void log.push('settled') }),
    onWait: () => {},
    surely,
  });
}
const item = (delivery: Delivery, over: Partial<Item> = {}) =>
  itemOf(delivery, { settle: () => void log.push('settled'), wait: () => void log.push('acked'), ...over });
const turn = (over: Partial<Turn> = {}): Turn => ({
  yields: () => false,
  isLate: () => false,
  fold: () => {},
  goesOn: (row) => void log.push(`goes on ${row.delivery.attempt}`),
  ...over,
});
const limited = (header: string) => replyOf(429, '', { 'retry-after': header });

describe('what the provider asks to wait', () => {
  it('costs no attempt and is sent again in place, known to be so before its row is there', async () => {
    const answers = [limited('0.1'), replyOf()];
    const worker = open({ send: async () => answers.shift()! });
    expect(await worker.work(item(deliveryOf('d1')), turn())).toBe('done');
    expect(log).toEqual(['sent', 'goes on 2', 'row 2', 'report d1:1', 'acked', 'sent', 'report d1:2', 'settled']);
    expect(rows[0]!.body).toMatchObject({ attempt: 2, free: 1 });
    expect(sentAt[1]! - sentAt[0]!).toBeGreaterThanOrEqual(95);
  });

  it('is not asked at once again and again where it says to wait for nothing', async () => {
    const worker = open({ send: async () => limited('0') });
    void worker.work(item(deliveryOf('d1')), turn());
    await until('it was sent three times', 10_000, () => sentAt.length === 3);
    expect(sentAt[2]! - sentAt[1]!).toBeGreaterThanOrEqual(950);
  });

  it('holds what it is about, and a test is told to come again', async () => {
    const worker = open({ send: async () => limited('600'), holds: () => ({ key: 'bot', ms: 600_000 }) });
    void worker.work(item(deliveryOf('d1')), turn());
    await until('all of the bot waits', 5000, () => scopes.pausedMs([{ key: 'bot' }]) > 0);
    expect(await worker.work(item(deliveryOf('t1', { test: { reply: 'x' } })), turn())).toBe('done');
    expect(reports.at(-1)).toMatchObject({ delivery: 't1', outcome: 'failed', meaning: expect.stringMatching(/asked to wait/) });
    expect([sentAt.length, log.slice(-2)]).toEqual([1, ['told who asked', 'settled']]);
  });

  it('beyond the life of a delivery lets it expire', async () => {
    scopes.pause('chat', 3600_000);
    const created_at = new Date(Date.now() - 3600_000 + 150).toISOString();
    expect(await open({}).work(item(deliveryOf('d1', { created_at })), turn())).toBe('done');
    expect([reports.map(({ outcome }) => outcome), sentAt]).toEqual([['expired'], []]);
  });
});

describe('an attempt in a lane that may be another’s', () => {
  const gone = () => true;

  it('is not begun once the lease is over, and leaves no trace', async () => {
    const request = async ({ mayBegin }: Call) => {
      if (!mayBegin!()) throw new NotBegun('late');
      return replyOf();
    };
    const worker = open({ send: (_message, _settings, { http }) => http.request({ url: '', timeoutMs: 1 }) }, undefined, {
      request,
    });
    expect(await worker.work(item(deliveryOf('d1'), { gone }), turn())).toBe('done');
    expect(log).toEqual(['sent']);
    expect(await worker.work(item(deliveryOf('d1')), turn())).toBe('done');
    expect(log).toEqual(['sent', 'sent', 'report d1:1', 'settled']);
  });

  it('is the next owner’s to make anew, unless it arrived', async () => {
    mine = false;
    for (const [attempt, status] of [
      [1, 500],
      [5, 500],
      [1, 200],
    ] as const)
      await open({ send: async () => replyOf(status) }).work(item(deliveryOf('d1', { attempt }), { gone }), turn());
    expect(log).toEqual(['sent', 'sent', 'sent', 'report d1:1', 'settled']);
  });

  it('is on record when nobody has taken the lane', async () => {
    for (const attempt of [1, 5])
      await open({ send: async () => replyOf(500) }).work(item(deliveryOf('d1', { attempt }), { gone }), turn());
    expect(log).toEqual(['sent', 'row 2', 'report d1:1', 'acked', 'sent', 'report d1:5', 'settled']);
  });
});

describe('what waits behind a limit', () => {
  const wait = async (worker: Worker, given: Item, its = turn()) => {
    scopes.pause('chat', 150);
    const working = worker.work(given, its);
    await settled();
    return working;
  };

  it('is not sent when its lane is another’s by the time it may be, and keeps nothing of the limit', async () => {
    let lost = false;
    const working = wait(open({}), item(deliveryOf('d1'), { lost: () => lost }));
    // nobody wakes a process that stood still
    lost = true;
    expect(await working).toBe('done');
    expect(log).toEqual([]);
    expect(await scopes.enter({ limits: [{ key: 'chat', atOnce: 1 }], group: 'c1' })).toBeInstanceOf(Function);
  });

  it('yields to a summary, and is not sent', async () => {
    let folding = false;
    const working = wait(open({}), item(deliveryOf('d1')), turn({ yields: () => folding }));
    folding = true;
    scopes.wake('c1');
    expect([await working, log]).toEqual(['yields', []]);
    const late = turn({ isLate: () => true, fold: () => void log.push('fold') });
    expect([await open({}).work(item(deliveryOf('d2')), late), log]).toEqual(['yields', ['fold']]);
  });

  it('ends when its channel is disabled meanwhile', async () => {
    scopes.pause('chat', 3600_000);
    const working = open({}).work(item(deliveryOf('d1')), turn());
    await settled();
    enabled = false;
    scopes.wake('c1');
    expect(await working).toBe('done');
    expect([reports.map(({ outcome }) => outcome), sentAt]).toEqual([['cancelled'], []]);
  });

  it('is no slow picture: that is fetched before', async () => {
    let come: (picture: undefined) => void = () => {};
    const slow = new Promise<undefined>((done) => {
      come = done;
    });
    const event = eventOf('job.failed', { snapshot: { url: 'http://slow.example/' } });
    const first = open({}, () => slow).work(item(deliveryOf('d1', { event })), turn());
    await settled();
    expect(await open({}).work(item(deliveryOf('d2', { channel: 'c2' })), turn())).toBe('done');
    expect(reports.map(({ delivery }) => delivery)).toEqual(['d2']);
    come(undefined);
    await first;
    expect(reports.map(({ delivery }) => delivery)).toEqual(['d2', 'd1']);
  });
});

describe('a summary', () => {
  const summary = summaryOf([deliveryOf('a'), deliveryOf('b')], new Date());

  it('is told of before it is sent, and what it stands for is not sent beside it', async () => {
    const worker = open({});
    await worker.work(item(summary), turn());
    expect(log.slice(0, 3)).toEqual(['report a:folded', 'report b:folded', 'sent']);
    log = [];
    // its ack was lost, so it comes once more
    expect(await worker.work(item(deliveryOf('a')), turn())).toBe('done');
    expect(log).toEqual(['settled']);
  });

  it('that is never sent is told of as well, so that nothing waits for ever', async () => {
    enabled = false;
    await open({}).work(item(summary), turn());
    expect(log).toEqual(['report a:folded', 'report b:folded', `report ${summary.id}:end`, 'settled']);
  });
});
