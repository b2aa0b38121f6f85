import type { Part } from '#delivery';
import { discord } from './index.js';

const thread = '1111111111111111';
const replyOf = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  latencyMs: 1,
});
const verdictOf = (status: number, body: unknown, headers?: Record<string, string>, without: Part[] = []) =>
  discord.verdict?.(replyOf(status, body, headers), { url: '', thread_id: thread }, { without: new Set(without) });
const errors = (tree: object) => ({ message: 'Invalid Form Body', code: 50035, errors: tree });
const fault = { _errors: [{ code: 'X', message: 'Must be right.' }] };

describe("what Discord's answers mean", () => {
  it.each([
    [400, 50035, 'drop', 'invalid'],
    [400, 50006, 'drop', 'invalid'],
    [400, 50109, 'drop', 'invalid'],
    [400, 220001, 'drop', 'invalid'],
    [400, 220002, 'drop', 'invalid'],
    [400, 40067, 'drop', 'invalid'],
    [401, 50027, 'gone', 'auth'],
    [403, 50013, 'gone', 'auth'],
    [404, 10015, 'gone', 'gone'],
    [403, 160005, 'drop', 'invalid'],
    [400, 200000, 'drop', 'invalid'],
    [400, 240000, 'drop', 'invalid'],
    [403, 40333, 'retry', 'server'],
  ])('%i with code %i: %s, %s', (status, code, outcome, reason) => {
    expect(verdictOf(status, { message: 'words', code })).toMatchObject({ outcome, reason });
  });

  it.each<[number, unknown, Part, RegExp]>([
    [404, { code: 10008 }, 'edit', /posted anew/],
    [429, { code: 30046, retry_after: 900 }, 'edit', /posted anew/],
    [400, { code: 50083 }, 'edit', /archived.*posted anew/],
    [404, { code: 10003 }, 'thread', /Set another thread_id/],
    [413, { code: 40005 }, 'picture', /without it/],
    [400, { code: 50045 }, 'picture', /without it/],
    [413, '<html>', 'picture', /without it/],
    [400, errors({ embeds: { 0: { image: { url: fault } } } }), 'picture', /embeds\.0\.image\.url: Must be right\./],
    [400, errors({ attachments: { 0: { id: fault } } }), 'picture', /attachments\.0\.id/],
    [400, errors({ username: fault }), 'markup', /username: Must be right\..*without links, username and avatar_url/],
    [400, errors({ avatar_url: fault, embeds: { 0: { url: fault } } }), 'markup', /avatar_url/],
    [400, { embeds: ['0'] }, 'markup', /Not a well formed URL/],
  ])('%i with %j: again, without the %s; refused so too, it is dropped', (status, body, without, meaning) => {
    expect(verdictOf(status, body)).toMatchObject({ outcome: 'again', without, meaning: expect.stringMatching(meaning) });
    expect(verdictOf(status, body, {}, [without])).toMatchObject({ outcome: 'drop', reason: 'invalid' });
  });

  it.each([
    errors({ embeds: { 0: { title: fault } } }),
    errors({ username: fault, embeds: { 0: { title: fault } } }),
    errors({}),
    { code: 50035, errors: 'x' },
    { code: 50035, errors: { _errors: [null, 7, {}] } },
  ])('%j names nothing that can be left out: dropped', (body) => {
    expect(verdictOf(400, body)).toMatchObject({ outcome: 'drop', reason: 'invalid' });
  });

  it('says which field is wrong, in short', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [n, { title: fault }]));
    expect(verdictOf(400, errors({ embeds: many }))?.meaning).toMatch(
      /^Discord refuses.*embeds\.0\.title: Must be right\..{0,300}…$/,
    );
  });

  it('is not about a thread where none is set', () => {
    expect(discord.verdict?.(replyOf(404, { code: 10003 }), { url: '' })).toMatchObject({ outcome: 'drop' });
  });

  it.each([
    [403, '<html>error code: 1020</html>', 'retry', 'server'],
    [401, '', 'retry', 'server'],
    [404, '<html>nginx</html>', 'retry', 'server'],
    [401, { message: '401: Unauthorized', code: 0 }, 'gone', 'auth'],
    [404, { message: '404: Not Found', code: 0 }, 'gone', 'gone'],
  ])('%i with %j: %s, %s, as what is not from Discord proves nothing', (status, body, outcome, reason) => {
    expect(verdictOf(status, body)).toMatchObject({ outcome, reason });
  });

  it('tells what was left out of a message that was taken', () => {
    expect(verdictOf(200, {}, {}, ['picture', 'thread'])).toEqual({
      outcome: 'delivered',
      reason: null,
      meaning: expect.stringMatching(/without its picture.*; in the channel itself/),
    });
  });

  it('leaves what is the same everywhere to the common table', () => {
    for (const status of [200, 204, 301, 408, 500, 502, 503, 504]) expect(verdictOf(status, { code: 50035 })).toBeUndefined();
  });
});

describe("Discord's 429", () => {
  it.each([
    ['the body, with its decimals', { retry_after: 0.6571 }, { 'retry-after': '1' }, 658],
    ['the header, where the body has none', {}, { 'retry-after': '41' }, 41_000],
    ['the header, where the body is absurd', { retry_after: -3 }, { 'retry-after': '2' }, 2000],
    ['the header, where the body is no number', { retry_after: '9' }, { 'retry-after': '2' }, 2000],
    ['at most a day', { retry_after: 1e300 }, {}, 86_400_000],
    ['a minute, where nothing is said', { code: 10015 }, {}, 60_000],
    ['a minute, where a block says nothing', 'error code: 1015', { 'retry-after': '0' }, 60_000],
    ['an hour, where a block says so', '<html>', { 'retry-after': '3600' }, 3_600_000],
  ])('waits as long as says %s', (_, body, headers, retryAfterMs) => {
    expect(verdictOf(429, body, headers as never)).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs });
  });

  const url = `https://discord.com/api/webhooks/1234567890123456789/${'a'.repeat(68)}`;
  const own = 'discord/webhook/1234567890123456789';
  const told = { retry_after: 1.5, global: false };
  it.each([
    ['of a webhook holds that webhook', told, { 'x-ratelimit-scope': 'user' }, { key: own, ms: 1500 }],
    ['of a channel holds the webhook', told, { 'x-ratelimit-scope': 'shared' }, { key: own, ms: 1500 }],
    ['by the body alone holds the webhook', told, {}, { key: own, ms: 1500 }],
    ['for all holds all', { ...told, global: true }, { 'x-ratelimit-remaining': '3' }, { key: 'discord', ms: 1500 }],
    ['for all, by its header, holds all', told, { 'x-ratelimit-global': 'true' }, { key: 'discord', ms: 1500 }],
    ['for all, by its scope, holds all', told, { 'x-ratelimit-scope': 'global' }, { key: 'discord', ms: 1500 }],
    ['of a block in JSON holds all', { code: 0, message: 'You are being blocked' }, {}, { key: 'discord', ms: 60_000 }],
    ['of a block in HTML holds all', '<html>1015', { 'retry-after': '3000' }, { key: 'discord', ms: 3_000_000 }],
    ['of edits of old messages holds nothing', { ...told, code: 30046 }, {}, undefined],
  ])('%s', (_, body, headers, hold) => {
    expect(discord.holds?.(replyOf(429, body, headers as never), { url })).toEqual(hold);
  });

  it.each([
    ['0', '1.337', { key: own, ms: 1337 }],
    ['0', '1e9', undefined],
    ['0', '-1', undefined],
    ['0', '', undefined],
    ['1', '1.337', undefined],
    ['0', '999999999', { key: own, ms: 86_400_000 }],
  ])('is kept away when %s calls remain for %s s', (remaining, seconds, hold) => {
    const headers = { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset-after': seconds };
    for (const status of [200, 404]) expect(discord.holds?.(replyOf(status, {}, headers), { url })).toEqual(hold);
  });

  it('is asked for less than Discord allows: 5 in 2 s and 30 a minute of a webhook, 50 a second of all', () => {
    const [webhook, all] = discord.limits!({ url });
    expect(webhook).toMatchObject({ key: own, atOnce: 1 });
    const rates = [...webhook!.rates!, ...all!.rates!];
    for (const [n, [calls, ms]] of [[5, 2000] as const, [30, 60_000] as const, [50, 1000] as const].entries())
      expect(rates[n]![0] / rates[n]![1]).toBeLessThan(calls / ms);
    expect(all!.key).toBe('discord');
  });
});
