import { type SlackProvider, slackProvider, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

let slack: SlackProvider;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  slack = await slackProvider({ limits: null });
  farm = await testFarm(modules, { FARMBELL_SLACK_ORIGIN: slack.origin });
});
afterAll(async () => {
  await farm?.stop();
  await slack?.close();
});

it('a provider that was down for a while gets all that it missed, each once, and the channel stays on', async () => {
  const channel = (await farm.call('POST', '/v1/channels', { name: 'ops', type: 'slack', settings: { url: slack.webhookUrl() } }))
    .body.id as string;
  slack.answerAll({ status: 503, body: 'service unavailable' });
  const ids = Array.from({ length: 12 }, (_, n) => `e${n}`);
  const events = ids.map((id) => ({ id, type: 'custom.outage', title: `title of ${id}.`, printer: { id } }));
  await farm.call('POST', '/v1/events', events);
  // a first and a second attempt of each, 5 s apart; the third is to come after a minute
  await until('all were tried twice', 60_000, () => slack.requests.length >= 2 * ids.length);
  await farm.restart();
  slack.answerAll(null);
  const deliveries = await until('all have ended', 150_000, async () => {
    const { data } = (await farm.call('GET', `/v1/channels/${channel}/deliveries?limit=100`)).body;
    return data.length >= ids.length && data.every((one: { outcome: string | null }) => one.outcome) ? data : undefined;
  });
  expect(new Set(deliveries.map((one: { outcome: string }) => one.outcome))).toEqual(new Set(['delivered']));
  const told = slack.messages.map(({ text }) => text);
  for (const id of ids) expect([id, told.filter((text) => text.includes(`title of ${id}.`)).length]).toEqual([id, 1]);
  const { body } = await farm.call('GET', `/v1/channels/${channel}`);
  expect([body.enabled, body.status.failures]).toEqual([true, 0]);
}, 240_000);
