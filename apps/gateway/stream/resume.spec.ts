import { testDatabase, testNats, until } from '#testing';
import { Harness } from '../harness.js';
import type { Listening } from './listening.js';
import { putEvent, putReport } from './samples.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

beforeEach(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
});
afterEach(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const resume = (from: Listening, to = farm) => to.listen(undefined, { 'last-event-id': from.lastId });
const live = (one: Listening) => until('all that was missed is told', 10_000, () => one.comments.includes('live'));
const names = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `n${from + i}`);
/** Events and outcomes of the account, and between them others' of the same names. */
const put = async (from: number, to: number) => {
  for (const name of names(from, to)) {
    await putEvent(farm.bus, name, { account: 'other' });
    await putEvent(farm.bus, name);
    await putReport(farm.bus, name);
    await putReport(farm.bus, name, { account: 'other' });
  }
};
const told = (listened: Listening[]) => (['event', 'outcome'] as const).map((kind) => listened.flatMap((one) => one.told(kind)));

it('misses nothing and repeats nothing, however often it is cut', async () => {
  const listened = [await farm.listen()];
  const count = 400;
  let done = false;
  const publishing = put(1, count).finally(() => {
    done = true;
  });
  for (let cut = 1; !done; cut++) {
    const one = listened.at(-1)!;
    // some are cut while they still catch up
    const enough = cut % 7;
    await until('some are told', 10_000, () => one.messages.length >= enough || done);
    await one.close();
    listened.push(await resume(one));
  }
  await publishing;
  const all = await until('all are told', 20_000, () => {
    const [events, outcomes] = told(listened);
    return events!.length + outcomes!.length >= 2 * count ? [events, outcomes] : undefined;
  });
  await listened.at(-1)!.close();
  expect(listened.length).toBeGreaterThan(10);
  expect(all).toEqual([names(1, count), names(1, count)]);
}, 60_000);

it('goes on after a cut before the first message, at another gateway', async () => {
  const first = await farm.listen();
  await until('it knows its place', 5000, () => first.lastId !== '');
  await first.close();
  await put(1, 5);
  const other = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  const second = await resume(first, other);
  await live(second);
  expect(told([second])).toEqual([names(1, 5), names(1, 5)]);
  await put(6, 7);
  await until('what comes then', 10_000, () => second.messages.length === 14);
  expect(told([second])).toEqual([names(1, 7), names(1, 7)]);
  await other.stop();
});

it('tells all of what was missed before what happens now, events before outcomes', async () => {
  const first = await farm.listen();
  await live(first);
  await first.close();
  await put(1, 300);
  const second = await resume(first);
  await live(second);
  expect(second.messages.map(({ event }) => event)).toEqual([...Array(300).fill('event'), ...Array(300).fill('outcome')]);
  expect(told([second])).toEqual([names(1, 300), names(1, 300)]);
  // each message stands for its own place
  const { id } = second.messages[149]!;
  const third = await farm.listen(undefined, { 'last-event-id': id });
  await live(third);
  expect(told([third])).toEqual([names(151, 300), names(1, 300)]);
});

it('does not read again what was for others', async () => {
  farm.streams.bounds.beatMs = 50;
  const one = await farm.listen();
  await live(one);
  const before = one.lastId;
  await putReport(farm.bus, 'x', { account: 'other' });
  const moved = await until('its place moves on', 5000, () => (one.lastId === before ? undefined : one.lastId));
  expect(one.messages).toEqual([]);
  const [seq] = moved.split('.')[1]!.split('-');
  expect(Number(seq)).toBe((await farm.bus.jsm.streams.info('ATTEMPTS')).state.last_seq);
});

it('tells nothing of an account that had the id before, wherever it is to begin', async () => {
  await farm.owner('rules.account.delete', () => null);
  await farm.owner('journal.account.delete', () => null);
  const [account, id] = ['school', 'school'];
  const old = { account, created_at: new Date(Date.now() - 60_000).toISOString() };
  const make = async () => {
    await farm.post('/v1/accounts', { body: { id } });
    return (await farm.token(['read'], id)).token;
  };
  const before = await farm.listen(await make());
  await live(before);
  const first = before.lastId;
  await putEvent(farm.bus, 'old', { account });
  await putReport(farm.bus, 'old', old);
  await until('the first account hears it', 5000, () => before.told('event').length > 0);
  await before.close();
  expect((await farm.send('DELETE', `/v1/accounts/${id}`)).status).toBe(204);

  const token = await make();
  const places = [undefined, first, before.lastId, first.replaceAll(/\d+-/g, '0-')];
  const after = await Promise.all(
    places.map((place) => farm.listen(token, place === undefined ? {} : { 'last-event-id': place })),
  );
  // the end of what the first account had sent comes late
  await putReport(farm.bus, 'late', old);
  await putEvent(farm.bus, 'new', { account });
  await putReport(farm.bus, 'new', { account });
  for (const one of after) {
    await until('what is new is told', 10_000, () => one.told('event').includes('new') && one.told('outcome').includes('new'));
    expect(told([one])).toEqual([['new'], ['new']]);
  }
});

it('begins anew in a stream that was made anew', async () => {
  await put(1, 5);
  const first = await farm.listen();
  await put(6, 6);
  await until('two messages', 5000, () => first.messages.length === 2);
  await first.close();
  await until('nobody listens', 5000, () => farm.streams.count('default') === 0);
  await farm.bus.jsm.streams.delete('EVENTS');
  await farm.bus.applyStreams({ dedupS: 60, retentionDays: 1 });
  await put(7, 8);
  const second = await resume(first);
  await live(second);
  expect(told([second])).toEqual([names(7, 8), names(7, 8)]);
});

it('takes the end for the place of who knows of more than there is', async () => {
  await put(1, 3);
  const first = await farm.listen();
  await live(first);
  const ahead = first.lastId.replaceAll(/\d+-/g, '900000-');
  const second = await farm.listen(undefined, { 'last-event-id': ahead });
  await live(second);
  await put(4, 4);
  await until('the new ones', 5000, () => second.messages.length === 2);
  expect(told([second])).toEqual([['n4'], ['n4']]);
});
