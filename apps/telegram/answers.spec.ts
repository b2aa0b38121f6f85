import type { Part } from '#delivery';
import { meanings, verdictOf } from './answers.js';
import { holdOf } from './limits.js';

const settings = { bot_token: '123456789:x', chat_id: '-100', message_thread_id: 42, silent: [] };
const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  latencyMs: 1,
});
const refused = (error_code: number, description: string, parameters?: object) =>
  reply(error_code, { ok: false, error_code, description, ...(parameters && { parameters }) });
const without = (...parts: Part[]) => ({ without: new Set(parts) });

describe("what Telegram's answers mean", () => {
  it.each([
    [401, 'Unauthorized', 'gone', 'auth', /@BotFather/],
    [404, 'Not Found', 'gone', 'auth', /@BotFather/],
    [404, 'Not Found: method not found', 'drop', 'invalid', /FARMBELL_TELEGRAM_ORIGIN/],
    [403, 'Forbidden: bot was blocked by the user', 'gone', 'gone', /Restart/],
    [403, 'Forbidden: user is deactivated', 'gone', 'gone', /deleted their Telegram account/],
    [403, "Forbidden: bot can't initiate conversation with a user", 'gone', 'gone', /presses Start/],
    [403, "Forbidden: bot can't send messages to bots", 'gone', 'gone', /of a bot/],
    [403, 'Forbidden: bot was kicked from the group chat', 'gone', 'gone', /Add it there/],
    [403, 'Forbidden: bot was kicked from the supergroup chat', 'gone', 'gone', /Add it there/],
    [403, 'Forbidden: bot was kicked from the channel chat', 'gone', 'gone', /as administrator/],
    [403, 'Forbidden: bot is not a member of the channel chat', 'gone', 'gone', /Add it there/],
    [403, 'Forbidden: the group chat was deleted', 'gone', 'gone', /deleted/],
    [400, 'Bad Request: chat not found', 'gone', 'gone', /pressed Start/],
    [400, 'Bad Request: group chat was upgraded to a supergroup chat', 'gone', 'gone', /new id/],
    [400, 'Bad Request: not enough rights to send text messages to the chat', 'retry', 'auth', /administrator/],
    [400, 'Bad Request: need administrator rights in the channel chat', 'retry', 'auth', /administrator/],
    [400, 'Bad Request: have no write access to the chat', 'retry', 'auth', /administrator/],
    [400, 'Bad Request: CHAT_WRITE_FORBIDDEN', 'retry', 'auth', /administrator/],
    [403, 'Forbidden: words of another day', 'retry', 'auth', /its answer says why/],
    [400, 'Bad Request: message is too long', 'drop', 'invalid', /too long/],
    [400, 'Bad Request: message caption is too long', 'drop', 'invalid', /too long/],
    [400, 'Bad Request: message text is empty', 'drop', 'invalid', /empty/],
    [400, 'Bad Request: words of another day', 'drop', 'invalid', /its answer says why/],
  ])('%i %s: %s, %s', (status, description, outcome, reason, meaning) => {
    expect(verdictOf(refused(status, description), settings)).toEqual({
      outcome,
      reason,
      meaning: expect.stringMatching(meaning),
      // with the token, every channel that has it
      ...((status === 401 || status === 404) && outcome === 'gone' && { dead: 'bot_token' }),
    });
  });

  it.each([
    ['edit', 'message to edit not found'],
    ['edit', "message can't be edited"],
    ['edit', 'there is no text in the message to edit'],
    ['edit', 'there is no caption in the message to edit'],
    ['markup', 'can\'t parse entities: Unsupported start tag "x" at byte offset 7'],
    ['picture', 'wrong HTTP URL specified'],
    ['picture', 'failed to get HTTP URL content'],
    ['picture', 'wrong type of the web page content'],
    ['picture', 'photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp'],
    ['picture', 'PHOTO_INVALID_DIMENSIONS'],
    ['picture', 'IMAGE_PROCESS_FAILED'],
    ['picture', 'wrong file identifier/HTTP URL specified'],
    ['picture', 'file of size 11534336 bytes is too big for a photo; the maximum size is 10485760 bytes'],
    ['picture', 'not enough rights to send photos to the chat'],
    ['thread', 'message thread not found'],
    ['thread', 'TOPIC_CLOSED'],
  ] as [Part, string][])('goes again without its %s: %s', (part, description) => {
    const refusal = refused(400, `Bad Request: ${description}`);
    expect(verdictOf(refusal, settings, without())).toMatchObject({ outcome: 'again', reason: 'invalid', without: part });
    expect(verdictOf(refusal, settings, without(part))).not.toMatchObject({ outcome: 'again' });
  });

  it('is taken when it reads so already', () => {
    const unchanged = 'Bad Request: message is not modified: specified new message content and reply markup are exactly the same';
    expect(verdictOf(refused(400, unchanged), settings)).toMatchObject({ outcome: 'delivered', reason: null });
  });

  it('finds words in any case, and each of them by its own row', () => {
    expect(verdictOf(refused(400, 'BAD REQUEST: Chat Not Found'), settings)).toMatchObject({ outcome: 'gone' });
    for (const [words, verdict] of meanings)
      for (const one of words) {
        expect(one).toBe(one.toLowerCase());
        expect([one, verdictOf(refused(400, `Bad Request: ${one}`), settings)]).toEqual([one, verdict]);
      }
  });

  it('goes again at once, and from then on, to where the group moved', () => {
    const upgraded = 'Bad Request: group chat was upgraded to a supergroup chat';
    expect(verdictOf(refused(400, upgraded, { migrate_to_chat_id: -1001234567890 }), settings)).toMatchObject({
      outcome: 'again',
      moved: { chat_id: '-1001234567890' },
    });
    for (const odd of ['-1', 1.5, null, {}])
      expect(verdictOf(refused(400, upgraded, { migrate_to_chat_id: odd }), settings)).toMatchObject({ outcome: 'gone' });
  });

  it('tells what the message was taken without, and how to cure it', () => {
    const taken = (...parts: Part[]) => verdictOf(reply(200, { ok: true, result: {} }), settings, without(...parts))?.meaning;
    expect(taken()).toBe('Telegram took the message.');
    expect(taken('picture', 'thread')).toMatch(/without its picture.*topic is closed or gone: set another message_thread_id/);
    expect(taken('markup', 'edit')).toMatch(/plain text.*new message/);
  });

  it('says what to do when the General topic is closed', () => {
    const closed = refused(400, 'Bad Request: TOPIC_CLOSED');
    const general = { outcome: 'retry', reason: 'auth', meaning: expect.stringMatching(/General.*Open it again/) };
    expect(verdictOf(closed, settings, without('thread'))).toMatchObject(general);
    expect(verdictOf(closed, { ...settings, message_thread_id: undefined })).toMatchObject(general);
  });

  it('refuses a large upload with a page of what stands in front', () => {
    expect(verdictOf(reply(413, '<html>413 Request Entity Too Large</html>'), settings)).toMatchObject({ without: 'picture' });
  });

  it('sees through a proxy that answers 200 to all', () => {
    const hidden = { ...refused(403, 'Forbidden: bot was blocked by the user'), status: 200 };
    expect(verdictOf(hidden, settings)).toMatchObject({ outcome: 'gone', reason: 'gone' });
    expect(verdictOf(reply(200, { ok: false }), settings)).toMatchObject({ outcome: 'retry', reason: 'server' });
  });

  it('leaves what is the same everywhere to the common table', () => {
    for (const status of [301, 408, 409, 500, 502, 503, 504])
      expect(verdictOf(refused(status, 'Internal Server Error: restart'), settings)).toBeUndefined();
    for (const status of [200, 400, 401, 403, 404, 502])
      expect(verdictOf(reply(status, '<html></html>'), settings)).toBeUndefined();
  });
});

describe('a 429', () => {
  it.each([
    ['the body', { ok: false, parameters: { retry_after: 35 } }, { 'retry-after': '1' }, 35_000],
    ['the header, where the body has none', { ok: false }, { 'retry-after': '41' }, 41_000],
    ['the header, where the body is absurd', { ok: false, parameters: { retry_after: -3 } }, { 'retry-after': '2' }, 2000],
    ['the header, where the body is of what stands in front', '<html>', { 'retry-after': '2' }, 2000],
    ['at most a day', { ok: false, parameters: { retry_after: 1e300 } }, {}, 86_400_000],
    ['a minute, where nothing is said', '<html>', {}, 60_000],
  ])('waits as long as says %s, and all of the bot with it', (_, body, headers, ms) => {
    const slow = reply(429, body, headers as never);
    expect(verdictOf(slow, settings)).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs: ms });
    expect(holdOf(slow, settings)).toEqual({ key: 'telegram/bot/123456789', ms });
  });

  it('alone holds anything', () => {
    for (const status of [200, 400, 500]) expect(holdOf(reply(status, { ok: true }), settings)).toBeUndefined();
  });
});
