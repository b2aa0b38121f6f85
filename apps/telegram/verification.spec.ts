import { createHttp, egressPolicy, type Http } from '#delivery';
import { type TelegramProvider, telegramProvider } from '#testing';
import { telegram } from './index.js';
import type { Settings } from './settings.js';

describe('Telegram settings that are checked with Telegram', () => {
  let provider: TelegramProvider;
  let http: Http;
  let bot_token: string;
  beforeAll(async () => {
    provider = await telegramProvider();
    http = createHttp({ policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }), userAgent: 'x' });
    bot_token = provider.newBot();
  });
  afterAll(async () => {
    await http.close();
    await provider.close();
  });
  const verify = (settings: Partial<Settings>, through: Pick<Http, 'request'> = http) =>
    telegram.verify!({ bot_token, chat_id: '1', silent: [], ...settings }, { http: through, origin: provider.origin });

  it('are right for people, groups, forums and channels that the bot may write to, and nobody sees it', async () => {
    for (const settings of [
      { chat_id: provider.newChat() },
      { chat_id: provider.newChat({ type: 'group' }) },
      { chat_id: provider.newChat({ type: 'supergroup', topics: [5] }), message_thread_id: 5 },
      { chat_id: provider.newChat({ type: 'channel', username: 'right' }) },
      { chat_id: '@Right' },
    ])
      expect(await verify(settings)).toEqual([]);
    expect(provider.messages).toEqual([]);
  });

  it('have a fault in the token', async () => {
    const token = provider.newBot();
    provider.revoke(token);
    expect(await verify({ bot_token: token })).toEqual([
      ['bot_token', expect.stringMatching(/not known to Telegram.*@BotFather/)],
    ]);
  });

  it('have a fault in the chat that is unknown', async () => {
    expect(await verify({ chat_id: '4711' })).toEqual([
      ['chat_id', expect.stringMatching(/pressed Start.*added it to the group/)],
    ]);
    expect(await verify({ chat_id: '@nobody' })).toEqual([['chat_id', expect.stringMatching(/wrong/)]]);
  });

  it.each([
    ['kicked', 'supergroup', /not in this chat.*Add it/],
    ['left', 'supergroup', /not in: .*add the bot/],
    ['left', 'channel', /as administrator/],
    ['read only', 'channel', /Administrators.*Post Messages/],
    ['read only', 'supergroup', /Send Messages under Permissions/],
  ] as const)('have a fault in the chat where the bot is %s, a %s', async (state, type, message) => {
    const chat_id = provider.newChat({ type });
    provider.become(chat_id, state);
    expect(await verify({ chat_id })).toEqual([['chat_id', expect.stringMatching(message)]]);
  });

  it('have a fault in the topic of a chat without topics', async () => {
    const chat_id = provider.newChat({ type: 'supergroup' });
    expect(await verify({ chat_id, message_thread_id: 5 })).toEqual([
      ['message_thread_id', expect.stringMatching(/no topics.*Leave it out/)],
    ]);
  });

  it('say that they could not be checked', async () => {
    const unchecked = (path: string) => [[path, expect.stringMatching(/could not be checked with Telegram: .*Try again/)]];
    const closed = createHttp({ policy: egressPolicy({ allow: [], forbidden: [], trusted: [] }), userAgent: 'x' });
    expect(await verify({}, closed)).toEqual(unchecked('bot_token'));
    await closed.close();
    for (const status of [500, 502, 429, 404]) {
      provider.answerNext({ status, body: '<html>' });
      expect(await verify({})).toEqual(unchecked('bot_token'));
    }
    provider.answerNext({ status: 200, body: { ok: true, result: { id: 1 } } }, { status: 502 });
    expect(await verify({})).toEqual(unchecked('chat_id'));
  });

  it('name no token in any fault', async () => {
    provider.answerNext((request) => ({ status: 400, body: { ok: false, error_code: 400, description: request.url } }));
    const faults = [...(await verify({})), ...(await verify({ chat_id: '4711' }))];
    expect(faults.length).toBeGreaterThan(1);
    expect(JSON.stringify(faults)).not.toContain(bot_token.split(':')[1]);
  });
});
