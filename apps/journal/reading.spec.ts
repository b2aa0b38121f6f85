import { Database } from '#runtime';
import { testDatabase } from '#testing';
import { migrations } from './migration.js';
import { Reading } from './reading.js';
import { forget } from './retention.js';
import { at, event, incoming, reached, report, routed, t0 } from './samples.js';
import { Store } from './store.js';

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let store: Store;
let reading: Reading;
beforeAll(async () => {
  place = await testDatabase();
  database = await Database.open({ url: place.url, schema: 'journal', migrations });
  store = new Store(database);
  reading = new Reading(database);
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});
beforeEach(() => database.query('truncate event, delivery, attempt, rejected'));

describe('reading', () => {
  const all = async (limit: number, more: Partial<Parameters<Reading['events']>[0]> = {}, between?: () => Promise<void>) => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await reading.events({ account: 'default', limit, ...more, ...(cursor && { cursor }) });
      ids.push(...page.data.map((one) => one.id));
      cursor = page.next_cursor ?? undefined;
      await between?.();
    } while (cursor);
    return ids;
  };

  it('pages events from the newest, unmoved by what comes in between', async () => {
    const events = Array.from({ length: 23 }, (_, i) =>
      incoming(event(`e${String(i).padStart(2, '0')}`, { time: at(i >> 1) }), i + 1),
    );
    await store.events(events, reached);
    let n = 100;
    const ids = await all(5, {}, () => store.events([incoming(event(`new${n}`, { time: at(n) }), n++)], reached));
    expect(ids).toEqual(events.map((one) => one.body.id).reverse());
  });

  it('filters events, and keeps accounts apart', async () => {
    await store.events(
      [
        event('a', { printer: { id: 'p1' }, time: at(1) }),
        event('b', { type: 'job.started', organization: 'o1', time: at(2) }),
        event('c', { type: 'printer.online', printer: { id: 'p1' }, time: at(3) }),
        event('d', { account: 'other', time: at(4) }),
      ].map((one, i) => incoming(one, i + 1)),
      reached,
    );
    expect(await all(50)).toEqual(['c', 'b', 'a']);
    expect(await all(50, { type: 'job.*' })).toEqual(['b', 'a']);
    expect(await all(50, { type: 'job.started' })).toEqual(['b']);
    expect(await all(50, { printer: 'p1' })).toEqual(['c', 'a']);
    expect(await all(50, { organization: 'o1' })).toEqual(['b']);
    expect(await all(50, { since: at(2), until: at(3) })).toEqual(['b']);
    expect(await all(50, { printer: '\0' })).toEqual([]);
    expect(await reading.known({ account: 'default', ids: ['a', 'd', 'x', '\0'] })).toEqual(['a']);
    const any = (since: string, until: string) => reading.any({ since, until });
    expect(await any('2000-01-01T00:00:00Z', '2999-01-01T00:00:00Z')).toBe(true);
    expect(await any('2000-01-01T00:00:00Z', '2000-01-02T00:00:00Z')).toBe(false);
    await expect(reading.event({ account: 'default', id: 'd' })).rejects.toMatchObject({ status: 404 });
    await expect(reading.events({ account: 'default', limit: 5, cursor: 'no' })).rejects.toMatchObject({ status: 422 });
  });

  it('shows a delivery with its attempts, and lists by what is asked', async () => {
    const attempt = { n: 1, at: at(1), latency_ms: 20, status: 500, reason: 'server' as const, answer: 'oops' };
    await store.routed([routed(1), routed(2)], reached);
    await store.reports(
      [
        { body: report({ attempt, reason: 'server', next_attempt_at: at(6) }) },
        {
          body: report({
            delivery: 'd3',
            account: 'default',
            channel: 'c2',
            outcome: 'failed',
            reason: 'gone',
            created_at: at(9),
          }),
        },
      ],
      reached,
    );
    expect(await reading.delivery({ account: 'default', id: 'd1' })).toEqual({
      id: 'd1',
      event_id: 'e1',
      event_type: 'job.failed',
      channel_id: 'c1',
      channel_type: 'webhook',
      outcome: null,
      reason: 'server',
      created_at: at(0),
      finished_at: null,
      next_attempt_at: at(6),
      replay_of: null,
      folded_into: null,
      acknowledged: null,
      attempts: [attempt],
    });
    const list = async (more: object) =>
      (await reading.deliveries({ account: 'default', limit: 50, ...more })).data.map((one) => one.id);
    expect(await list({})).toEqual(['d3', 'd2', 'd1']);
    expect(await list({ channel: 'c2' })).toEqual(['d3']);
    expect(await list({ outcome: 'failed' })).toEqual(['d3']);
    expect(await list({ outcome: 'waiting', event: 'e1' })).toEqual(['d2', 'd1']);
    expect(await list({ type: 'job.*', until: at(9) })).toEqual(['d2', 'd1']);
    await expect(reading.delivery({ account: 'other', id: 'd1' })).rejects.toMatchObject({ status: 404 });
  });

  it('shows an account its own refusals, and the installation all', async () => {
    const refusal = { service: 'printer-ingest', subject: 's', errors: [{ path: 'type', message: 'is required' }], body: '{' };
    await store.rejected(
      [
        { body: { id: 'r1', at: at(1), account: 'default', ...refusal } },
        { body: { id: 'r1', at: at(5), account: 'default', ...refusal } },
        { body: { id: 'r2', at: at(2), account: null, ...refusal } },
      ],
      reached,
    );
    const list = async (account: string | null) => (await reading.rejected({ account, limit: 50 })).data;
    expect(await list('default')).toEqual([{ id: 'r1', at: at(1), account: 'default', ...refusal }]);
    expect((await list(null)).map((one) => one.id)).toEqual(['r2', 'r1']);
  });
});

describe('retention', () => {
  it('deletes what is older, attempts included, but nothing that still waits', async () => {
    const attempt = { n: 1, at: at(1), latency_ms: 20, status: 500, reason: 'server' as const, answer: '' };
    await store.events([incoming(event('old'), 1), incoming(event('new', { time: at(-9e6) }), 900)], reached);
    await store.reports(
      [
        { body: report({ delivery: 'over', attempt, outcome: 'failed' }) },
        { body: report({ delivery: 'waits', attempt, next_attempt_at: at(800) }) },
      ],
      reached,
    );
    expect(await forget(database, new Date(t0 + 600_000))).toBe(2);
    expect(await reading.known({ account: 'default', ids: ['old', 'new'] })).toEqual(['new']);
    expect(await database.rows('select id from delivery')).toEqual([{ id: 'waits' }]);
    expect(await database.rows('select delivery from attempt')).toEqual([{ delivery: 'waits' }]);
  });
});
