import { Bus, endOf, type Place } from '#bus';
import { type TestNats, testNats } from '#testing';
import { Feed } from './feed.js';
import { putEvent } from './samples.js';
import { eventsOf, type Told } from './source.js';
import type { Listener, Tail } from './tail.js';

let nats: TestNats;
let bus: Bus;
beforeAll(async () => {
  nats = await testNats();
  bus = await Bus.connect({ url: nats.url, name: 'spec' });
  await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
  for (let n = 1; n <= 12; n++) await putEvent(bus, `n${n}`);
});
afterAll(async () => {
  await bus?.close();
  await nats?.stop();
});

const idIn = (told: Told): string => JSON.parse(/^data: (.*)$/m.exec(told.text())![1]!).id;

/** A tail that is as far as a spec says, and a feed beside it that begins at the beginning. */
async function beside(at: number) {
  const { made } = await endOf(bus, 'EVENTS');
  const source = eventsOf('default', 'https://farmbell.example.org');
  const listeners: Listener[] = [];
  const tail = { place: { made, seq: at }, last: at, epoch: 0, listen: (_: string, one: Listener) => listeners.push(one) };
  const told: string[] = [];
  const leaving = new AbortController();
  const feed = new Feed({
    bus,
    source,
    tail: tail as unknown as Tail,
    account: 'default',
    since: 0,
    from: { made, seq: 0 },
    tell: (one) => told.push(idIn(one)),
    signal: leaving.signal,
    onError: (error) => {
      throw error;
    },
  });
  const tells = (seq: number) => {
    tail.place = { made, seq };
    tail.last = seq;
    for (const hear of listeners) hear({ account: 'default', at: seq, text: () => `data: ${JSON.stringify({ id: `n${seq}` })}` });
  };
  return { feed, tail, tells, told, listeners, leaving, place: (seq: number): Place => ({ made, seq }) };
}
const names = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `n${from + i}`);
const room = async () => {};

it('one that is further than the tail does not hear again what it has told', async () => {
  const { feed, tells, told, place } = await beside(10);
  await feed.catchUp(room);
  expect([told, feed.place]).toEqual([names(1, 12), place(12)]);
  for (const seq of [11, 12, 13]) tells(seq);
  expect([told, feed.place]).toEqual([names(1, 13), place(13)]);
});

it('one that is further than the tail hears what is stored anew in the place of what the broker lost', async () => {
  const { feed, tail, tells, told, place } = await beside(10);
  await feed.catchUp(room);
  tail.epoch += 1;
  tail.place = place(9);
  expect(feed.place).toEqual(place(9));
  tells(10);
  expect(told).toEqual([...names(1, 12), 'n10']);
});

it('joins the tail at once where it stands itself, and its place moves with the tail', async () => {
  const { feed, tells, told, listeners, place } = await beside(0);
  expect([feed.join(), listeners.length]).toEqual([true, 1]);
  tells(1);
  expect([told, feed.place]).toEqual([['n1'], place(1)]);
});

it('does not join a tail that is elsewhere', async () => {
  const { feed, listeners } = await beside(5);
  expect([feed.join(), listeners.length]).toEqual([false, 0]);
});

it('tells no faster than there is room, and nothing more when its viewer has gone', async () => {
  const { feed, told, leaving, listeners, place } = await beside(12);
  await feed.catchUp(async () => {
    if (told.length === 5) leaving.abort();
  });
  expect([told, feed.place, listeners.length]).toEqual([names(1, 5), place(5), 0]);
});
