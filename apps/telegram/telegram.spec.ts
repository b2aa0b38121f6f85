import { checkSettings, describeSettings, egressPolicy } from '#delivery';
import { conforms, telegramProvider } from '#testing';
import { telegram } from './index.js';

const token = `123456789:AA${'bC3_-'.repeat(7).slice(0, 33)}`;

conforms(telegram, {
  // the suite sends hundreds of messages at once: limits have specs of their own
  provider: () => telegramProvider({ limits: null }),
  settings: {
    given: (provider) => ({
      bot_token: provider.newBot(),
      chat_id: provider.newChat({ type: 'supergroup', topics: [42] }),
      message_thread_id: 42,
      silent: ['info'],
    }),
    secrets: ['bot_token'],
    good: [
      { bot_token: token },
      { chat_id: '123456789' },
      { chat_id: 123456789 },
      { chat_id: -1001234567890 },
      { chat_id: '@printfarm' },
      { message_thread_id: null },
      { silent: [] },
      { silent: null },
      { silent: ['info', 'success', 'warning', 'error', 'critical'] },
    ],
    bad: [
      ...[
        `bot${token}`,
        token.replace(':', ''),
        token.slice(0, 30),
        `0${token}`,
        ` ${token}`,
        `${token}\n`,
        `${token}/x`,
        '',
        7,
      ].map((bot_token): [string, Record<string, unknown>] => ['bot_token', { bot_token }]),
      ...['general', '@a b', '@abc', 'https://t.me/printfarm', '-', '0', '012', '1e5', '', 1.5, 0, 2 ** 60, true].map(
        (chat_id): [string, Record<string, unknown>] => ['chat_id', { chat_id }],
      ),
      ...[0, 1, -5, 1.5, '42', 2 ** 31].map((message_thread_id): [string, Record<string, unknown>] => [
        'message_thread_id',
        { message_thread_id },
      ]),
      ['silent', { silent: 'info' }],
      ['silent[0]', { silent: ['loud'] }],
    ],
  },
});

describe('Telegram settings', () => {
  const policy = egressPolicy({ allow: [], forbidden: [], trusted: [] });
  const check = (settings: Record<string, unknown>) =>
    checkSettings(telegram, { settings: { bot_token: token, chat_id: '1234', ...settings } }, { allowHttp: false, policy });
  const fault = (settings: Record<string, unknown>) => {
    try {
      check(settings);
    } catch (error) {
      return (error as { errors: { message: string }[] }).errors[0]?.message;
    }
    return undefined;
  };

  it('hold the id of a chat as a text, however it was given', () => {
    expect(check({ chat_id: -1001234567890 }).settings).toMatchObject({ chat_id: '-1001234567890', silent: [] });
    expect(check({ chat_id: '@PrintFarm' }).settings).toMatchObject({ chat_id: '@PrintFarm' });
  });

  it('say what is right and where Telegram shows it', () => {
    expect(fault({ bot_token: 'x' })).toMatch(/must look like 123456789:AA.*@BotFather.*API Token/);
    expect(fault({ chat_id: 'Farm' })).toMatch(/-1001234567890.*@name.*getUpdates/);
    expect(fault({ message_thread_id: 1 })).toMatch(/General.*leave it out/);
    expect(describeSettings(telegram).settings).toMatchObject({
      required: ['bot_token', 'chat_id'],
      properties: { bot_token: { secret: true }, message_thread_id: { where: expect.stringMatching(/t\.me/) } },
    });
  });

  it('count by bot, also when its token was made anew', () => {
    for (const bot_token of [token, token.replace('AA', 'AB')]) {
      expect(check({ bot_token }).scope).toBe('123456789');
      expect(telegram.fileScope?.({ bot_token, chat_id: '1234', silent: [] })).toBe('123456789');
    }
  });
});
