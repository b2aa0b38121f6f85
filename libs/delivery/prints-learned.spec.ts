import type { FarmEvent } from '#contracts';
import type { Database } from '#runtime';
import { testDatabase } from '#testing';
import type { Picture } from './channel.js';
import { Memory } from './memory.js';
import { Prints } from './prints.js';
import { deliveryOf, eventOf, progressOf, readyOf, replyOf, typeOf } from './samples.js';
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

describe("a provider's own name for a picture", () => {
  const picture: Picture = { bytes: new Uint8Array([1]), content_type: 'image/png', name: 'snapshot.png' };
  const stored = (id: string): FarmEvent => eventOf('job.failed', { snapshot: { id, content_type: 'image/png', bytes: 1 } });
  const sent = (event: FarmEvent, bot = 1, body = 'f7') =>
    open().sent(deliveryOf('d1', { event }), readyOf({ bot }), replyOf(200, body), false);
  const file = async (event: FarmEvent, bot = 1) => (await open().known(picture, event, { bot }))?.file;

  it('is used where it can be used: for the same picture and bot, whichever the channel and event', async () => {
    await sent(stored('s1'));
    expect(await file(stored('s1'))).toBe('f7');
    expect(await file({ ...stored('s1'), id: 'e2' })).toBe('f7');
    expect([await file(stored('s2')), await file(stored('s1'), 2)]).toEqual([undefined, undefined]);
  });

  it("of a publisher's URL is known for that event alone: behind it may be another one next time", async () => {
    const live = eventOf('job.failed', { snapshot: { url: 'http://cam.example/now.jpg' } });
    await sent(live);
    expect(await file(live)).toBe('f7');
    expect(await file({ ...live, id: 'e2' })).toBeUndefined();
  });

  it('is learned from replies that have one, to messages with a picture', async () => {
    await sent(stored('s1'), 1, 'no name');
    await sent(eventOf('job.failed'));
    expect(await file(stored('s1'))).toBeUndefined();
    expect(await open().known(undefined, stored('s1'), { bot: 1 })).toBeUndefined();
    expect(await open({ fileScope: undefined }).known(picture, stored('s1'), { bot: 1 })).toBe(picture);
  });
});

describe('settings that the provider has changed', () => {
  const settings = { chat_id: '-1', token: 't' };

  it('are used from then on, by other processes too', async () => {
    const prints = open();
    await prints.move(readyOf(settings), { chat_id: '-1001' });
    const moved = await open().moved(readyOf(settings));
    expect(moved.settings).toEqual({ chat_id: '-1001', token: 't' });
    expect((await open().moved(readyOf(settings, { id: 'c2' }))).settings).toEqual(settings);
    expect((await open({ moves: false }).moved(readyOf(settings))).settings).toEqual(settings);
  });

  it('no more once somebody has saved others, and again when those were moved too', async () => {
    const prints = open();
    await prints.move(readyOf(settings), { chat_id: '-1001' });
    const saved = readyOf({ ...settings, chat_id: '-2' });
    expect((await prints.moved(saved)).settings.chat_id).toBe('-2');
    await prints.move(await prints.moved(saved), { chat_id: '-1002' });
    expect((await prints.moved(saved)).settings.chat_id).toBe('-1002');
  });

  it('may change once more, or others may', async () => {
    const prints = open();
    await prints.move(readyOf(settings), { chat_id: '-1001' });
    await prints.move(await prints.moved(readyOf(settings)), { chat_id: '-1002' });
    await prints.move(await prints.moved(readyOf(settings)), { token: 'u' });
    expect((await open().moved(readyOf(settings))).settings).toEqual({ chat_id: '-1002', token: 'u' });
  });

  it('are secret where those were that they replace', async () => {
    const prints = open();
    await prints.move(readyOf(settings), { chat_id: '-1001' });
    const moved = await prints.moved(readyOf(settings));
    expect(moved.secrets).toEqual([]);
    expect(moved.copy.id).toBe('c1');
  });
});

it('memory that is away costs plainer messages, and no error', async () => {
  const away = await openWaiting(place.url);
  await away.destroy();
  const prints = new Prints(typeOf(), new Memory(away, 'telegram'), (error) => faults.push(error));
  const ready = readyOf({ bot: 1 });
  const progress = deliveryOf('d1', { event: progressOf(10) });
  expect(await prints.moved(ready)).toBe(ready);
  expect(await prints.isDue(progress, ready)).toBe(true);
  expect(await prints.toChange(progress, ready)).toBeUndefined();
  const event = eventOf('job.failed', { snapshot: { id: 's1', content_type: 'image/png', bytes: 1 } });
  const picture = { bytes: new Uint8Array([1]), content_type: 'image/png', name: 'snapshot.png' };
  expect(await prints.known(picture, event, { bot: 1 })).toEqual(picture);
  await prints.sent(progress, ready, replyOf(200, 'm1'), false);
  await prints.sent(deliveryOf('d2', { event }), ready, replyOf(200, 'f1'), false);
  await prints.move(ready, { bot: 2 });
  expect(faults.length).toBeGreaterThan(0);
});
