import { Database } from '#runtime';
import { type TestNats, testDatabase, testNats, until } from '#testing';
import { Bus, createPlaces, follow, type Incoming, type Place, Poison, placeOf, upsertPlaces } from './index.js';

type Body = { n: number };

class Tables {
  name = 'Tables1700000000000';
  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query(createPlaces);
    await runner.query('create table seen (n int not null)');
  }
  async down(): Promise<void> {}
}

describe('follow()', () => {
  let nats: TestNats;
  let place: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let bus: Bus;
  let stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    [nats, place] = await Promise.all([testNats(), testDatabase()]);
    database = await Database.open({ url: place.url, schema: 'spec', migrations: [Tables as never] });
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
  });
  beforeEach(async () => {
    await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
    await database.query('truncate seen, place');
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    stops = [];
    await bus.jsm.streams.delete('EVENTS');
  });
  afterAll(async () => {
    await bus.close();
    await database.destroy();
    await place.drop();
    await nats.stop();
  });

  const put = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) await bus.publish('farmbell.event.default.job.progress', { n });
  };
  const seen = async () => (await database.rows<{ n: number }>('select n from seen')).map(({ n }) => n);
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  const all = (count: number) => until(`${count} are stored`, 15_000, async () => (await seen()).length >= count);
  /** As journal does: rows and place in one statement. */
  const store = (messages: Incoming<Body>[], reached: Place) =>
    database.query(`with places as (${upsertPlaces('$2')}) insert into seen select unnest($1::int[])`, [
      messages.map(({ body }) => body.n),
      JSON.stringify([{ stream: 'EVENTS', ...reached }]),
    ]);
  const read = (handle: (messages: Incoming<Body>[], reached: Place) => Promise<unknown> = store, more = {}) => {
    const stop = new AbortController();
    const from = () => placeOf(database, 'EVENTS');
    const running = follow<Body>(bus, { stream: 'EVENTS', from, signal: stop.signal, ...more }, async (messages, reached) => {
      await handle(messages, reached);
    });
    const end = async () => {
      stop.abort();
      await running;
    };
    stops.push(end);
    return end;
  };

  it('goes on at the place that was stored, nothing missing and nothing twice', async () => {
    await put(1, 50);
    const end = read();
    await all(50);
    await end();
    await put(51, 80);
    read();
    await all(80);
    expect(await seen()).toEqual(upTo(80));
  });

  it('stores nothing twice when the statement failed after it was sent, or the broker was killed', async () => {
    let failures = 2;
    read(async (messages, reached) => {
      if (failures-- > 0) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
      await store(messages, reached);
    });
    await put(1, 100);
    await nats.kill('SIGKILL');
    await nats.start();
    await until('the broker is back', 15_000, () => bus.alive(500));
    await put(101, 120);
    await all(120);
    expect(await seen()).toEqual(upTo(120));
  });

  it('begins anew in a stream that was made anew', async () => {
    await put(1, 20);
    const end = read();
    await all(20);
    await end();
    await bus.jsm.streams.delete('EVENTS');
    await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
    await put(21, 25);
    read();
    await all(25);
    expect(await seen()).toEqual(upTo(25));
  });

  it('passes over what is poison, and stores that it has', async () => {
    await put(1, 5);
    const end = read(async (messages, reached) => {
      if (messages.some(({ body }) => body.n === 3)) throw new Poison([{ path: 'n', message: 'is three' }]);
      await store(messages, reached);
    });
    await all(4);
    await until('the place is behind it', 5000, async () => (await placeOf(database, 'EVENTS'))?.seq === 5);
    await end();
    expect(await seen()).toEqual([1, 2, 4, 5]);
  });

  it('stays behind when told to', async () => {
    await put(1, 1);
    const began = Date.now();
    read(store, { behindMs: 1500 });
    await all(1);
    expect(Date.now() - began).toBeGreaterThanOrEqual(1000);
  });
});
