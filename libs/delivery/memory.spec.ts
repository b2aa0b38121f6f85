import type { Database } from '#runtime';
import { testDatabase } from '#testing';
import { Memory } from './memory.js';
import { openWaiting } from './schema.js';

describe('memory', () => {
  let place: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  beforeAll(async () => {
    place = await testDatabase();
    database = await openWaiting(place.url);
  });
  afterAll(async () => {
    await database?.destroy();
    await place?.drop();
  });
  beforeEach(() => database.query('truncate memory'));

  const hour = 3600_000;
  const open = (type: 'telegram' | 'discord' = 'telegram') => new Memory(database, type);

  it('outlives the process, is changed and forgotten, and is each type’s own', async () => {
    const memory = open();
    await memory.put('print/1', { percent: 10, ref: { id: "it's" } }, hour);
    await memory.put('print/1', { percent: 20 }, hour);
    expect(await open().get('print/1')).toEqual({ percent: 20 });
    expect(await open('discord').get('print/1')).toBeUndefined();
    await memory.delete('print/1');
    expect([await memory.get('print/1'), await open().get('print/1')]).toEqual([undefined, undefined]);
  });

  it('is read from the database once, and again after it was told to forget', async () => {
    const [memory, other] = [open(), open()];
    expect(await memory.get('k')).toBeUndefined();
    await other.put('k', { n: 1 }, hour);
    expect(await memory.get('k')).toBeUndefined();
    memory.forget();
    expect(await memory.get('k')).toEqual({ n: 1 });
  });

  it('does not take what was read for newer than what was written meanwhile', async () => {
    let answer: (rows: unknown[]) => void = () => {};
    const rows = () =>
      new Promise((done) => {
        answer = done;
      });
    const memory = new Memory({ rows, query: async () => [] } as never, 'telegram');
    const reading = memory.get('k');
    await memory.put('k', { n: 2 }, hour);
    answer([{ value: { n: 1 } }]);
    expect([await reading, await memory.get('k')]).toEqual([{ n: 2 }, { n: 2 }]);
  });

  it('ends: what is over is neither read nor listed, and is swept', async () => {
    await open().put('receipt/c1/old', { n: 1 }, -1000);
    await open().put('receipt/c1/new', { n: 2 }, hour);
    expect(await open().get('receipt/c1/old')).toBeUndefined();
    expect(await open().list('receipt/')).toEqual([{ key: 'receipt/c1/new', value: { n: 2 } }]);
    const memory = open();
    await memory.put('k', {}, hour);
    expect((await database.rows<{ key: string }>('select key from memory order by key')).map(({ key }) => key)).toEqual([
      'k',
      'receipt/c1/new',
    ]);
  });

  it('lists what begins so, to the letter', async () => {
    const memory = open();
    for (const key of ['receipt/c1/a', 'receipt/c1/b', 'receipt/c2/a', 'receipt/c1%/a', 'print/c1'])
      await memory.put(key, { key }, hour);
    await open('discord').put('receipt/c1/x', {}, hour);
    expect((await memory.list('receipt/c1/')).map(({ key }) => key).sort()).toEqual(['receipt/c1/a', 'receipt/c1/b']);
    expect((await memory.list('receipt/c1%')).map(({ key }) => key)).toEqual(['receipt/c1%/a']);
  });

  it('knows what it could not store', async () => {
    const away = await openWaiting(place.url);
    const memory = new Memory(away, 'telegram');
    await away.destroy();
    await expect(memory.put('k', { n: 1 }, hour)).rejects.toThrow();
    expect(await memory.get('k')).toEqual({ n: 1 });
    await expect(memory.get('other')).rejects.toThrow();
  });
});
