import {
  type PushoverProvider,
  pushoverProvider,
  type SlackProvider,
  slackProvider,
  type TelegramProvider,
  telegramProvider,
  until,
} from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
let slack: SlackProvider;
let telegram: TelegramProvider;
let pushover: PushoverProvider;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  [slack, telegram, pushover] = await Promise.all([slackProvider(), telegramProvider(), pushoverProvider()]);
  farm = await testFarm(modules, {
    FARMBELL_SLACK_ORIGIN: slack.origin,
    FARMBELL_TELEGRAM_ORIGIN: telegram.origin,
    FARMBELL_PUSHOVER_ORIGIN: pushover.origin,
  });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await Promise.all([slack?.close(), telegram?.close(), pushover?.close()]);
});

const make = (type: string, settings: object, more: object = {}, query = '') =>
  farm.call('POST', `/v1/channels${query}`, { name: type, type, settings, ...more });
const publish = async (event: object) => expect((await farm.call('POST', '/v1/events', event)).status).toBe(202);
const deliveries = async (channel: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: specs look into answers of every shape
  (await farm.call('GET', `/v1/channels/${channel}/deliveries?limit=200`)).body.data as any[];

it('a provider that asks to wait holds its own in their order, costs no attempt, and holds nobody else', async () => {
  const [held, free] = [slack.webhookUrl(), slack.webhookUrl()];
  const once = { retry: { mode: 'once' }, events: ['custom.held'] };
  const channel = (await make('slack', { url: held }, once)).body.id as string;
  await make('slack', { url: free }, { events: ['custom.free'] });
  slack.answerNext({ status: 429, headers: { 'retry-after': '3' }, body: 'rate_limited' });
  const titles = ['one', 'two', 'three'];
  await publish(titles.map((title) => ({ type: 'custom.held', title, printer: { id: title } })));
  await until('it is refused', 10_000, () => slack.requests.length > 0);
  await publish({ type: 'custom.free', title: 'free' });
  const all = await until('all have arrived', 30_000, () => (slack.messages.length === 4 ? slack.messages : undefined));
  expect(all.map(({ text }) => text.replace(/^\S+ /, '').split('\n')[0])).toEqual(['free', ...titles]);
  const rows = await until('all are recorded', 10_000, async () => {
    const found = await deliveries(channel);
    return found.every(({ outcome }) => outcome === 'delivered') ? found : undefined;
  });
  const statuses = rows.map(({ attempts }) => attempts.map((one: { status: number }) => one.status));
  expect(statuses.sort((a, b) => b.length - a.length)).toEqual([[429, 200], [200], [200]]);
}, 60_000);

it('a Telegram group that became a supergroup is followed, for good', async () => {
  const [bot_token, chat_id] = [telegram.newBot(), telegram.newChat({ type: 'group' })];
  await make('telegram', { bot_token, chat_id }, { events: ['custom.moves'] });
  const moved = telegram.upgrade(chat_id);
  const arrived = async (title: string) => {
    const before = telegram.requests.length;
    await publish({ type: 'custom.moves', title });
    const message = await until(title, 15_000, () => telegram.messages.find(({ text }) => text?.includes(title)));
    return [message.chat_id, telegram.requests.slice(before).map(({ json }) => json.chat_id)];
  };
  expect(await arrived('first')).toEqual([moved, [chat_id, moved]]);
  expect(await arrived('second')).toEqual([moved, [moved]]);
  await farm.restart();
  // a process that has just started does not know when the last message went out: it may be told to wait
  expect(await arrived('third')).toEqual([moved, expect.not.arrayContaining([chat_id])]);
}, 60_000);

it('a picture goes up once for all chats of a bot, and a refused one is left out', async () => {
  const bot_token = telegram.newBot();
  const chats = [telegram.newChat(), telegram.newChat()];
  const first = await make('telegram', { bot_token, chat_id: chats[0] }, { events: ['custom.seen', 'custom.refused'] });
  const snapshot = { content_type: 'image/png', base64: onePixel };
  const before = telegram.requests.length;
  await publish({ id: 'seen', type: 'custom.seen', title: 'seen', snapshot });
  const [sent] = await until('with its picture', 15_000, () => {
    const found = telegram.messages.filter(({ photo }) => photo);
    return found.length === 1 ? found : undefined;
  });
  expect(sent!.chat_id).toBe(chats[0]);
  expect(telegram.requests.slice(before).map(({ headers }) => headers['content-type']!.split(';')[0])).toEqual([
    'multipart/form-data',
  ]);
  telegram.answerNext({
    status: 400,
    body: { ok: false, error_code: 400, description: 'Bad Request: PHOTO_INVALID_DIMENSIONS' },
  });
  await publish({ id: 'refused', type: 'custom.refused', title: 'refused', snapshot });
  const plain = await until('without it', 15_000, () => telegram.messages.find(({ text }) => text?.includes('refused')));
  expect(plain.photo).toBeUndefined();
  const row = await until('it is recorded', 10_000, async () =>
    (await deliveries(first.body.id)).find((one) => one.event_id === 'refused' && one.outcome === 'delivered'),
  );
  expect(row.attempts.map(({ status }: { status: number }) => status)).toEqual([400, 200]);
}, 60_000);

it('an alarm is repeated until somebody acknowledges it, or the trouble is over', async () => {
  const settings = { app_token: pushover.appToken(), user_key: pushover.userKey({ devices: ['phone'] }), priority: 'auto' };
  const channel = (await make('pushover', settings, { events: ['detection.*'], min_severity: 'error' })).body.id as string;
  const alarm = async (id: string, printer: string) => {
    await publish({ id, type: 'detection.spaghetti', printer: { id: printer } });
    return (await until(id, 15_000, () => pushover.messages.find(({ fields }) => fields.title?.includes(printer)))).receipt!;
  };
  const first = await alarm('first', 'p-one');
  pushover.acknowledge(first, 'phone');
  const seen = await until('it is acknowledged', 30_000, async () => {
    const [row] = await deliveries(channel);
    return row?.acknowledged ? row : undefined;
  });
  expect([seen.outcome, seen.acknowledged.by]).toEqual(['delivered', 'phone']);
  const second = await alarm('second', 'p-two');
  const third = await alarm('third', 'p-three');
  await publish({ type: 'job.resumed', printer: { id: 'p-two' } });
  const cancelled = () => pushover.requests.flatMap(({ url }) => /receipts\/(\w+)\/cancel/.exec(url)?.[1] ?? []);
  await until('the second is called off', 15_000, () => cancelled().length > 0);
  expect(cancelled()).toEqual([second]);
  expect(third).not.toBe(second);
  // what only calls off is nobody's notification
  const listed = async () => (await deliveries(channel)).map(({ event_id }) => event_id).sort();
  await until('all three are listed', 10_000, async () => (await listed()).length >= 3);
  expect(await listed()).toEqual(['first', 'second', 'third']);
}, 90_000);

it('a revoked token disables every channel that has it, and the others are told', async () => {
  const [bot_token, other] = [telegram.newBot(), telegram.newBot()];
  const telegramChannel = async (token: string, events: string[]) =>
    (await make('telegram', { bot_token: token, chat_id: telegram.newChat() }, { events })).body.id as string;
  const dead = [await telegramChannel(bot_token, ['custom.revoked']), await telegramChannel(bot_token, ['order.closed'])];
  const alive = await telegramChannel(other, ['custom.alive']);
  const hook = slack.webhookUrl();
  await make('slack', { url: hook }, { events: ['channel.disabled'] });
  telegram.revoke(bot_token);
  await publish({ type: 'custom.revoked', title: 'unheard' });
  const state = async (id: string) => (await farm.call('GET', `/v1/channels/${id}`)).body;
  await until('both are disabled', 15_000, async () => (await Promise.all(dead.map(state))).every(({ enabled }) => !enabled));
  for (const id of dead) expect((await state(id)).status.reason).toMatch(/bot token.*BotFather/s);
  expect((await state(alive)).enabled).toBe(true);
  const told = () => slack.messages.filter(({ text }) => text.includes('Channel Disabled'));
  await until('the other channel is told of both', 15_000, () => told().length >= 2);
  expect(told()).toHaveLength(2);
}, 60_000);

it('settings are tried at the provider when that is asked for, and nobody sees a message', async () => {
  const before = [telegram.messages.length, pushover.messages.length];
  const bot_token = telegram.newBot();
  const tried = (type: string, settings: object) => make(type, settings, { name: `tried ${type}` }, '?verify=true');
  const faults = async (type: string, settings: object) => {
    const { status, body } = await tried(type, settings);
    return [status, body.errors?.map(({ path }: { path: string }) => path)];
  };
  expect(await faults('telegram', { bot_token, chat_id: '4711' })).toEqual([422, ['settings.chat_id']]);
  telegram.revoke(bot_token);
  expect(await faults('telegram', { bot_token, chat_id: '4711' })).toEqual([422, ['settings.bot_token']]);
  expect((await tried('telegram', { bot_token: telegram.newBot(), chat_id: telegram.newChat() })).status).toBe(201);
  const app_token = pushover.appToken();
  expect(await faults('pushover', { app_token, user_key: 'a'.repeat(30) })).toEqual([422, ['settings.user_key']]);
  expect((await tried('pushover', { app_token, user_key: pushover.userKey() })).status).toBe(201);
  expect([telegram.messages.length, pushover.messages.length]).toEqual(before);
  expect((await make('slack', { url: slack.webhookUrl() }, { progress: 'edit' })).body.errors).toEqual([
    expect.objectContaining({ path: 'progress' }),
  ]);
}, 60_000);
