import { holdOf, verdictOf } from './answers.js';
import { pushover } from './index.js';
import { chosen, keys } from './samples.js';
import { appKey } from './settings.js';

const now = Date.parse('2026-03-31T12:00:00Z');
const replyOf = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  latencyMs: 1,
});
const wrong = (parameter: string, words: string) => ({ [parameter]: 'invalid', errors: [words], status: 0, request: 'r' });
const without = new Set(['picture'] as const);
const taken = { status: 1, request: 'r' };

describe("what Pushover's answers mean", () => {
  it.each([
    ['a dead token', 400, wrong('token', 'application token is invalid'), 'gone', 'auth', /API Token\/Key.*enable/],
    ['a dead user', 400, wrong('user', 'user identifier is invalid'), 'gone', 'auth', /user_key.*Your User Key.*enable/],
    ['no such device in a group', 400, wrong('device', 'no devices'), 'drop', 'invalid', /Set device.*Your Devices/],
    ['a field', 400, wrong('message', 'message cannot be blank'), 'drop', 'invalid', /message cannot be blank/],
    ['no reason', 400, { status: 0 }, 'drop', 'invalid', /HTTP 400/],
    ['a reason that is no list', 400, { status: 0, errors: 'odd' }, 'drop', 'invalid', /HTTP 400/],
    ['a status that is not 1', 200, { status: 0, errors: ['odd'] }, 'drop', 'invalid', /odd/],
    ['no status', 200, {}, 'drop', 'invalid', /HTTP 200/],
    ['a page in between', 200, '<html>log in</html>', 'retry', 'server', /FARMBELL_PUSHOVER_ORIGIN/],
    ['nothing', 204, '', 'retry', 'server', /in between/],
    ['an unknown page', 404, '<html>', 'drop', 'invalid', /not repeat/],
  ])('%s: HTTP %i', (_, status, body, outcome, reason, meaning) => {
    expect(verdictOf(replyOf(status, body))).toMatchObject({ outcome, reason, meaning: expect.stringMatching(meaning) });
  });

  it('leaves what is the same everywhere to the common table', () => {
    for (const status of [301, 408, 425, 500, 502, 503, 504]) expect(verdictOf(replyOf(status, taken))).toBeUndefined();
  });

  it('is success only with 200 and status 1 together', () => {
    expect(verdictOf(replyOf(200, taken))).toMatchObject({ outcome: 'delivered', reason: null });
    for (const status of [201, 202, 400]) expect(verdictOf(replyOf(status, taken))?.outcome).toBe('drop');
    expect(verdictOf(replyOf(200, { status: '1' }))?.outcome).toBe('drop');
  });

  it.each([
    ['attachment', 400, wrong('attachment', 'attachment is not a valid image')],
    ['words alone', 400, { status: 0, errors: ['attachment is too large (6000000 bytes is more than 5242880 limit)'] }],
    ['413 in front', 413, '<html>413 Request Entity Too Large</html>'],
  ])('a refused picture is left out once: %s', (_, status, body) => {
    expect(verdictOf(replyOf(status, body))).toMatchObject({ outcome: 'again', without: 'picture' });
    expect(verdictOf(replyOf(status, body), without)).toMatchObject({ outcome: 'drop', reason: 'invalid' });
    // as the runtime asks
    const ask = pushover.verdict as (...given: unknown[]) => unknown;
    expect(ask(replyOf(status, body), chosen(), { without })).toMatchObject({ outcome: 'drop' });
  });
});

describe('when Pushover wants us to wait', () => {
  const app = appKey(keys);
  const used = { 'x-limit-app-limit': '10000', 'x-limit-app-remaining': '0' };
  const until = (seconds: number) => ({ ...used, 'x-limit-app-reset': String(now / 1000 + seconds) });
  // as it was seen: https://github.com/Tautulli/Tautulli/issues/396
  const over = wrong('token', 'application has exceeded current limit of 7500 messages');
  const nginx = '<html><head><title>429 Too Many Requests</title></head></html>';

  it.each<[string, number, unknown, Record<string, string>, string, number]>([
    ['the month is used up: until it begins anew', 429, over, until(3600), app, 3_600_000],
    ['the month is used up, said as 400', 400, over, until(3600), app, 3_600_000],
    ['a month to go: a day, as more can be bought', 429, over, until(20 * 86_400), app, 86_400_000],
    ['it has just begun anew: 5 s', 429, over, until(-10), app, 5_000],
    ['too many connections: the address, a minute', 429, nginx, {}, 'pushover', 60_000],
    ['too many connections: as long as it says', 429, nginx, { 'retry-after': '7' }, 'pushover', 7_000],
    ['at once is not soon enough', 429, nginx, { 'retry-after': '0' }, 'pushover', 5_000],
    ['the month is used up, and nobody says until when: an hour', 429, over, { 'x-limit-app-reset': 'soon' }, app, 3_600_000],
    ['the address is blocked', 403, '<html>403 Forbidden</html>', {}, 'pushover', 900_000],
  ])('%s', (_, status, body, headers, key, ms) => {
    const reply = replyOf(status, body, headers);
    expect(holdOf(reply, keys, now)).toEqual({ key, ms });
    expect(verdictOf(reply, undefined, now)).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs: ms });
  });

  it('an application whose month is used up is not taken for a dead token', () => {
    expect(verdictOf(replyOf(429, over, until(60)), undefined, now)?.meaning).toMatch(
      /used up.*Buy more.*application of its own/,
    );
  });

  it('holds the application after its last message, before it is refused', () => {
    const last = replyOf(200, taken, until(600));
    expect(holdOf(last, keys, now)).toEqual({ key: app, ms: 600_000 });
    expect(verdictOf(last, undefined, now)).toMatchObject({ outcome: 'delivered', meaning: expect.stringMatching(/last one/) });
    expect(holdOf(replyOf(200, taken, { ...until(600), 'x-limit-app-remaining': '1' }), keys, now)).toBeUndefined();
    expect(holdOf(replyOf(200, taken, used), keys, now)).toBeUndefined();
    expect(holdOf(replyOf(200, taken), keys, now)).toBeUndefined();
  });

  it('holds nobody for a message that is refused, or for its own trouble', () => {
    for (const reply of [replyOf(400, wrong('user', 'x')), replyOf(403, wrong('user', 'x')), replyOf(503, '')])
      expect(pushover.holds!(reply, chosen())).toBeUndefined();
  });
});
