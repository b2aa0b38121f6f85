import type { Part } from '#delivery';
import { slack } from './index.js';

const url = 'https://hooks.slack.com/services/T00000000/B00000000/aBcDeFgHiJkLmNoPqRsTuVwX';
const replyOf = (status: number, body: string, headers: Record<string, string> = {}) => ({ status, headers, body, latencyMs: 1 });
const verdictOf = (status: number, body: string, headers?: Record<string, string>) =>
  slack.verdict?.(replyOf(status, body, headers), { url });

describe("what Slack's answers mean", () => {
  it.each([
    [400, 'invalid_payload', 'drop', 'invalid'],
    [400, 'no_text', 'drop', 'invalid'],
    [400, 'missing_text_or_fallback_or_attachments', 'drop', 'invalid'],
    [500, 'missing_text_or_fallback_or_attachments', 'drop', 'invalid'],
    [400, 'too_many_attachments', 'drop', 'invalid'],
    [400, 'user_not_found', 'gone', 'gone'],
    [403, 'action_prohibited', 'gone', 'auth'],
    [403, 'posting_to_general_channel_denied', 'gone', 'auth'],
    [403, 'invalid_token', 'gone', 'auth'],
    [404, 'channel_not_found', 'gone', 'gone'],
    [410, 'channel_is_archived', 'gone', 'gone'],
    [404, 'no_service', 'gone', 'gone'],
    [500, 'no_service', 'gone', 'gone'],
    [404, 'no_service_id', 'gone', 'gone'],
    [404, 'no_active_hooks', 'gone', 'gone'],
    [404, 'no_team', 'gone', 'gone'],
    [403, 'team_disabled', 'gone', 'gone'],
    [200, 'invalid_token\n', 'gone', 'auth'],
    [500, 'rollup_error', 'retry', 'server'],
    [400, 'a_word_of_tomorrow', 'drop', 'invalid'],
    [404, '<html>not found</html>', 'drop', 'invalid'],
    [403, '<html>forbidden</html>', 'drop', 'auth'],
    [404, 'ok', 'drop', 'invalid'],
    [400, 'constructor', 'drop', 'invalid'],
  ])('%i %j: %s, %s', (status, body, outcome, reason) => {
    const verdict = verdictOf(status, body);
    expect(verdict).toMatchObject({ outcome, reason });
    expect(verdict?.meaning).toMatch(/^\S.*\.$/);
  });

  it('delivered is 200 with ok, and nothing else', () => {
    expect(verdictOf(200, 'ok')).toMatchObject({ outcome: 'delivered', reason: null });
    expect(verdictOf(200, 'ok\n')).toMatchObject({ outcome: 'delivered' });
    for (const [status, body] of [
      [200, ''],
      [200, '<html>Sign in to the guest network</html>'],
      [200, '{"ok":false}'],
      [201, 'ok'],
      [204, ''],
    ] as const)
      expect(verdictOf(status, body)).toMatchObject({
        outcome: 'retry',
        reason: 'server',
        meaning: expect.stringMatching(/proxy and network/),
      });
  });

  it('leaves what is the same everywhere to the common table', () => {
    for (const status of [301, 307, 408, 410, 425, 500, 502, 503, 504])
      for (const body of ['', '<html></html>', 'ok']) expect(verdictOf(status, body)).toBeUndefined();
  });

  it.each([
    ['as long as the header says', { 'retry-after': '41' }, 41_000],
    ['30 s where it says nothing', {}, 30_000],
    ['30 s where it says nonsense', { 'retry-after': 'soon' }, 30_000],
    ['at most a day', { 'retry-after': '9999999' }, 86_400_000],
  ])('429 waits %s, and holds its webhook', (_, headers, retryAfterMs) => {
    for (const body of ['', 'no_service', '{"retry_after":1}']) {
      const reply = replyOf(429, body, headers as Record<string, string>);
      expect(slack.verdict?.(reply, { url })).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs });
      expect(slack.holds?.(reply, { url })).toEqual({ key: slack.limits?.({ url })[0]?.key, ms: retryAfterMs });
    }
  });

  it('holds nothing without a 429', () => {
    for (const status of [200, 404, 503])
      expect(slack.holds?.(replyOf(status, 'ok', { 'retry-after': '9' }), { url })).toBeUndefined();
  });
});

describe('invalid_blocks', () => {
  const verdict = slack.verdict as (...given: unknown[]) => ReturnType<NonNullable<typeof slack.verdict>>;
  const after = (...without: Part[]) => verdict(replyOf(400, 'invalid_blocks'), { url }, { without: new Set(without) });

  it('leaves out the picture, then the layout, then gives up', () => {
    expect(verdictOf(400, 'invalid_blocks')).toMatchObject({ outcome: 'again', without: 'picture' });
    expect(after()).toMatchObject({
      outcome: 'again',
      without: 'picture',
      meaning: expect.stringMatching(/FARMBELL_PUBLIC_URL/),
    });
    expect(after('picture')).toMatchObject({ outcome: 'again', without: 'markup' });
    expect(after('picture', 'markup')).toMatchObject({ outcome: 'drop', reason: 'invalid' });
    expect(after('markup')).toMatchObject({ outcome: 'drop', reason: 'invalid' });
  });
});
