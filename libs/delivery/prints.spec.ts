import type { ChannelCopy, Delivery } from '#contracts';
import type { Database } from '#runtime';
import { testDatabase } from '#testing';
import { Memory } from './memory.js';
import { Prints } from './prints.js';
import { copyOf, deliveryOf, eventOf, progressOf, readyOf, replyOf, typeOf } from './samples.js';
import { openWaiting } from './schema.js';

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let faults: unknown[] = [];
beforeAll(async () => {
  place = await testDatabase();
  database = await openWaiting(place.url);
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});
beforeEach(async () => {
  faults = [];
  await database.query('truncate memory');
});

const open = (over: Parameters<typeof typeOf>[0] = {}) =>
  new Prints(typeOf(over), new Memory(database, 'telegram'), (error) => faults.push(error));
const on = (event: Delivery['event'], over: Partial<Delivery> = {}) => deliveryOf('d1', { event, ...over });
const started = on(eventOf('job.started', { printer: { id: 'p1' }, job: { id: 'j1' } }));
const over = on(progressOf(100, { type: 'job.succeeded' }));
const ready = (copy: Partial<ChannelCopy> = {}) => readyOf({ bot: 1 }, copy);
const sent = (prints: Prints, delivery: Delivery, body: string, edited = false, copy: Partial<ChannelCopy> = {}) =>
  prints.sent(delivery, ready(copy), replyOf(200, body), edited);

describe('the message of a print', () => {
  it('is changed by what progress is due, by another process too, and by nothing after its end', async () => {
    const prints = open();
    expect(await prints.toChange(on(progressOf(1)), ready())).toBeUndefined();
    await sent(prints, started, 'm1');
    expect(await open().toChange(on(progressOf(1)), ready())).toEqual({ id: 'm1' });
    await sent(prints, on(progressOf(1)), 'm1', true);
    expect(await open().isDue(on(progressOf(8)), ready())).toBe(false);
    expect(await open().isDue(on(progressOf(12)), ready())).toBe(true);
    await sent(prints, over, 'm2');
    expect(await prints.toChange(on(progressOf(20)), ready())).toBeUndefined();
    expect(await database.rows('select * from memory')).toEqual([]);
  });

  it('is another for another channel, another printer, and a print that has begun again', async () => {
    const prints = open();
    await sent(prints, on(progressOf(50)), 'm1');
    expect(await prints.toChange(on(progressOf(60)), ready())).toEqual({ id: 'm1' });
    expect(await prints.toChange(on(progressOf(60), { channel: 'c2' }), ready())).toBeUndefined();
    expect(await prints.toChange(on(progressOf(60, { printer: { id: 'p2' } })), ready())).toBeUndefined();
    expect(await prints.toChange(on(progressOf(2)), ready())).toBeUndefined();
    await sent(prints, on(progressOf(2)), 'm2');
    expect(await prints.toChange(on(progressOf(12)), ready())).toEqual({ id: 'm2' });
  });

  it('is not changed where each is posted, nor by a test, nor once the provider has refused that', async () => {
    const prints = open();
    await sent(prints, started, 'm1');
    const progress = progressOf(20);
    expect(await prints.toChange(on(progress), ready({ progress: 'post' }))).toBeUndefined();
    expect(await prints.toChange(on(progress, { test: { reply: 'x' } }), ready())).toBeUndefined();
    expect(await prints.toChange(on(progress, { without: ['edit'] }), ready())).toBeUndefined();
    expect(await open({ edits: undefined }).toChange(on(progress), ready())).toBeUndefined();
    // the plain message that was sent then is the one from now on
    await sent(prints, on(progress, { without: ['edit'] }), 'm9');
    expect(await prints.toChange(on(progressOf(40)), ready())).toEqual({ id: 'm9' });
  });

  it('is not changed more often than the provider likes, by its age', async () => {
    const ages: number[] = [];
    const everyMs = (ageMs: number) => {
      ages.push(ageMs);
      return 3600_000;
    };
    const prints = open({ edits: { ...typeOf().edits!, everyMs } });
    expect(await prints.isDue(on(progressOf(1)), ready({ progress_every: null }))).toBe(true);
    await sent(prints, started, 'm1');
    // the first comes whenever the message was made
    expect(await prints.isDue(on(progressOf(1)), ready({ progress_every: null }))).toBe(true);
    await sent(prints, on(progressOf(1)), 'm1', true);
    expect(await prints.isDue(on(progressOf(50)), ready({ progress_every: null }))).toBe(false);
    expect(ages.length === 1 && ages[0]! >= 0).toBe(true);
    expect(await open({ edits: { ...typeOf().edits!, everyMs: () => 0 } }).isDue(on(progressOf(50)), ready())).toBe(true);
  });
});

describe('progress', () => {
  it('is paced without messages that can be changed, too', async () => {
    const prints = open({ edits: undefined });
    const copy = { progress: 'post' as const };
    expect(await prints.isDue(on(progressOf(11)), ready(copy))).toBe(true);
    await sent(prints, on(progressOf(11)), '', false, copy);
    expect(await prints.isDue(on(progressOf(19)), ready(copy))).toBe(false);
    expect(await prints.isDue(on(progressOf(20)), ready(copy))).toBe(true);
  });

  it('is due when it was begun already, is replayed, or nothing is asked for; other events always', async () => {
    const prints = open();
    await sent(prints, on(progressOf(11)), 'm1');
    const again = progressOf(12);
    expect(await prints.isDue(on(again), ready())).toBe(false);
    expect(await prints.isDue(on(again, { attempt: 2 }), ready())).toBe(true);
    expect(await prints.isDue(on(again, { replay_of: 'd0' }), ready())).toBe(true);
    expect(await prints.isDue(on(again), ready({ progress: 'post', progress_every: null }))).toBe(true);
    expect(await prints.isDue(on(eventOf('job.failed')), ready())).toBe(true);
  });

  it('of a test counts for nothing', async () => {
    const prints = open();
    await sent(prints, on(progressOf(50), { test: { reply: 'x' } }), 'm1');
    expect(await prints.toChange(on(progressOf(60)), ready())).toBeUndefined();
    expect(copyOf().progress).toBe('edit');
  });
});
