import { discord } from './index.js';

describe("what Discord's answers mean", () => {
  const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    discord.verdict?.(
      { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), latencyMs: 1 },
      { url: '' },
    );

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
    [404, 10008, 'drop', 'invalid'],
    [404, 10003, 'drop', 'invalid'],
    [400, 50083, 'drop', 'invalid'],
    [403, 160005, 'drop', 'invalid'],
    [413, 40005, 'drop', 'invalid'],
    [400, 50045, 'drop', 'invalid'],
    [400, 200000, 'drop', 'invalid'],
    [400, 240000, 'drop', 'invalid'],
    [403, 40333, 'retry', 'server'],
  ])('%i with code %i: %s, %s', (status, code, outcome, reason) => {
    expect(verdictOf(status, { message: 'words', code })).toMatchObject({ outcome, reason });
  });

  it.each([
    [403, '<html>error code: 1020</html>', 'retry', 'server'],
    [401, '', 'gone', 'auth'],
    [404, { message: '404: Not Found', code: 0 }, 'gone', 'gone'],
    [400, { embeds: ['0'] }, 'drop', 'invalid'],
  ])('%i with %j: %s, %s', (status, body, outcome, reason) => {
    expect(verdictOf(status, body)).toMatchObject({ outcome, reason });
  });

  it('leaves what is the same everywhere to the common table', () => {
    for (const status of [200, 204, 301, 408, 500, 502, 503, 504]) expect(verdictOf(status, { code: 50035 })).toBeUndefined();
  });

  it.each([
    ['the body, with its decimals', { retry_after: 0.6571 }, { 'retry-after': '1' }, 658],
    ['the header, where the body has none', {}, { 'retry-after': '41' }, 41_000],
    ['the header, where the body is absurd', { retry_after: -3 }, { 'retry-after': '2' }, 2000],
    ['the header, where the body is no number', { retry_after: '9' }, { 'retry-after': '2' }, 2000],
    ['at most a day', { retry_after: 1e300 }, {}, 86_400_000],
    ['a minute, where nothing is said', { code: 10015 }, {}, 60_000],
  ])('429 waits as long as says %s', (_, body, headers, retryAfterMs) => {
    expect(verdictOf(429, body, headers as never)).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs });
  });
});
