import { type Receiver, receiver, until } from '#testing';
import { Listening } from '../gateway/stream/listening.js';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Receiver;
beforeAll(async () => {
  [farm, sink] = await Promise.all([testFarm(modules), receiver((request) => ({ status: request.url === '/gone' ? 410 : 204 }))]);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
});

const listen = async (lastId = '') =>
  Listening.open(`${await farm.url()}/v1/stream`, {
    authorization: `Bearer ${farm.env.FARMBELL_ADMIN_TOKEN}`,
    ...(lastId && { 'last-event-id': lastId }),
  });
const channel = async (path: string): Promise<string> =>
  (
    await farm.call('POST', '/v1/channels', {
      name: path,
      type: 'webhook',
      events: ['job.*'],
      settings: { url: `${sink.origin}/${path}` },
      retry: { mode: 'once' },
    })
  ).body.id;

it('tells an event, and how it fared at each channel, as the lists show it afterwards', async () => {
  const one = await listen();
  const [good, gone] = [await channel('good'), await channel('gone')];
  await farm.call('POST', '/v1/events', { id: 'e1', type: 'job.failed', printer: { id: 'p1' } });
  const outcomes = await until('both outcomes', 15_000, () => {
    const found = one.messages.filter(({ event, data }) => event === 'outcome' && data.event_id === 'e1');
    return found.length === 2 ? found.map(({ data }) => data) : undefined;
  });
  for (const told of outcomes) {
    const shown = await until('the list knows it', 10_000, async () => {
      const { body } = await farm.call('GET', `/v1/deliveries/${told.delivery_id}`);
      return body.outcome && body;
    });
    const { delivery_id, event_id, event_type, channel_id, channel_type, outcome, reason, at } = told;
    expect({ id: delivery_id, event_id, event_type, channel_id, channel_type, outcome, reason, finished_at: at }).toEqual(
      Object.fromEntries(
        ['id', 'event_id', 'event_type', 'channel_id', 'channel_type', 'outcome', 'reason', 'finished_at'].map((key) => [
          key,
          shown[key],
        ]),
      ),
    );
  }
  expect(Object.fromEntries(outcomes.map(({ channel_id, outcome, reason }) => [channel_id, [outcome, reason]]))).toEqual({
    [good]: ['delivered', null],
    [gone]: ['failed', 'gone'],
  });
  const event = await until('the list knows it', 10_000, async () => {
    const { status, body } = await farm.call('GET', '/v1/events/e1');
    return status === 200 ? body : undefined;
  });
  expect(one.messages.find(({ data }) => data.id === 'e1')).toMatchObject({ event: 'event', data: event });
  // what Farmbell itself says is an event like others
  await until('the end of a channel', 10_000, () => one.messages.some(({ data }) => data.type === 'channel.disabled'));
  await one.close();
}, 60_000);

it('goes on behind its last message when the services were restarted', async () => {
  const one = await listen();
  await farm.call('POST', '/v1/events', { id: 'before', type: 'job.started' });
  await until('it is told', 10_000, () => one.told('event').includes('before') && one.told('outcome').length === 1);
  await farm.restart();
  expect(await one.ended).toBe('end');
  await farm.call('POST', '/v1/events', { id: 'meanwhile', type: 'job.started' });
  const two = await listen(one.lastId);
  await until('what was missed', 10_000, () => two.told('event').length === 1 && two.told('outcome').length === 1);
  expect(two.told('event')).toEqual(['meanwhile']);
  await two.close();
}, 60_000);
