import { answer, Bus } from '#bus';
import { type TestNats, testNats, until } from '#testing';
import { SeenIds } from './seen-ids.js';

let nats: TestNats;
let bus: Bus;
let keeps: boolean | undefined;
const asked: { since: string; until: string }[] = [];
const open: SeenIds[] = [];
const streams = (dedupS: number) => bus.applyStreams({ dedupS, retentionDays: 30 });
const seen = () => {
  const one = new SeenIds(bus);
  open.push(one);
  return one;
};
const event = (id: string) => bus.publish('farmbell.event.default.job.failed', { id }, { id: `default/${id}` });

beforeAll(async () => {
  nats = await testNats();
  bus = await Bus.connect({ url: nats.url, name: 'spec' });
  answer(bus, 'journal.event.any', async (range) => {
    asked.push(range);
    if (keeps === undefined) throw new Error('away');
    return keeps;
  });
});
beforeEach(async () => {
  keeps = false;
  asked.length = 0;
  await streams(4);
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await bus.jsm.streams.delete('EVENTS');
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});

it('says what is new once it has read all of EVENTS, and goes on reading', async () => {
  await Promise.all(Array.from({ length: 1200 }, (_, i) => event(`e${i}`)));
  const one = seen();
  expect(one.isNew('default', 'other')).toBe(false);
  await until('it has read', 5000, async () => one.isNew('default', 'other'));
  expect(Array.from({ length: 1200 }, (_, i) => `e${i}`).filter((id) => one.isNew('default', id))).toEqual([]);
  expect(one.isNew('another', 'e1')).toBe(true);
  await event('late');
  await until('it has read on', 5000, async () => !one.isNew('default', 'late') && one.isNew('default', 'other'));
  const [{ since, until: before } = { since: '', until: '' }] = asked;
  const { created, config } = await bus.jsm.streams.info('EVENTS');
  expect(Date.parse(before)).toBe(new Date(created).getTime());
  expect(Date.now() - Date.parse(since)).toBeGreaterThanOrEqual(config.max_age / 1e6);
});

it('says nothing while the journal keeps what EVENTS has not, or cannot be asked', async () => {
  const one = seen();
  await until('it is sure', 5000, async () => one.isNew('default', 'e1'));
  keeps = true;
  await until('it is not', 5000, async () => !one.isNew('default', 'e1'));
  keeps = false;
  await until('it is again', 5000, async () => one.isNew('default', 'e1'));
  keeps = undefined;
  await until('the duplicate window is over', 5000, async () => !one.isNew('default', 'e1'));
});

it('begins anew with a stream that was made anew', async () => {
  await event('e1');
  const one = seen();
  await until('it has read', 5000, async () => one.isNew('default', 'other'));
  expect(one.isNew('default', 'e1')).toBe(false);
  await bus.jsm.streams.delete('EVENTS');
  await until('it is not sure any more', 5000, async () => !one.isNew('default', 'other'));
  await streams(4);
  await event('e2');
  await until('it has read the new one', 8000, async () => one.isNew('default', 'e1') && !one.isNew('default', 'e2'));
});
