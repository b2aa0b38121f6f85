import type { DeliveryView, FarmEvent } from '#contracts';
import { type Matched, whyOf } from './why.js';

const now = new Date('2026-03-01T12:10:00Z');
const event = {
  id: 'e1',
  type: 'job.failed',
  severity: 'error',
  time: '2026-03-01T12:00:00Z',
  printer: { id: 'p1' },
} as FarmEvent;
const channel: Matched = { id: 'c1', name: 'ops', match: 'due', min_severity: null, created_at: '2026-01-01T00:00:00.000Z' };
const attempt = (reason: string | null, status: number | null) => ({ n: 1, at: '', latency_ms: 1, status, reason, answer: '' });
const delivery = (over: object) =>
  ({
    id: 'd1',
    event_type: 'job.failed',
    outcome: null,
    reason: null,
    folded_into: null,
    next_attempt_at: null,
    attempts: [],
    ...over,
  }) as unknown as DeliveryView;

describe('why an event was heard or not', () => {
  it.each<[object, string, RegExp]>([
    [
      { outcome: 'delivered', attempts: [attempt('server', 500), attempt('server', 502), attempt(null, 200)] },
      'delivered',
      /after 3 attempts/,
    ],
    [{ outcome: 'delivered', folded_into: 'd9' }, 'delivered', /summary d9/],
    [{ outcome: 'failed', attempts: [attempt('server', 500)] }, 'failed', /after 1 attempt: server \(HTTP 500\)/],
    [{ outcome: 'failed', attempts: [attempt('timeout', null)] }, 'failed', /after 1 attempt: timeout\./],
    [
      { outcome: 'expired', attempts: [attempt('server', 503), attempt('server', 503)] },
      'expired',
      /expires_after_s.*2 attempts: server/,
    ],
    [{ outcome: 'cancelled' }, 'cancelled', /disabled or deleted/],
    [{ outcome: 'suppressed' }, 'quiet', /quiet hours/],
    [{ outcome: 'suppressed', event_type: 'job.progress' }, 'filtered', /progress_every/],
    [{}, 'waiting', /first attempt/],
    [{ folded_into: 'd9' }, 'waiting', /summary d9/],
    [
      { attempts: [attempt('rate_limited', 429)], next_attempt_at: '2026-03-01T12:11:00.000Z' },
      'waiting',
      /1 attempt so far, the last: rate_limited \(HTTP 429\); the next is at 2026-03-01T12:11/,
    ],
  ])('by its delivery: %j is %s', (over, decision, detail) => {
    expect(whyOf(event, channel, delivery(over), now)).toEqual({
      channel_id: 'c1',
      name: 'ops',
      decision,
      detail: expect.stringMatching(detail),
      delivery_id: 'd1',
    });
  });

  it.each<[Partial<Matched>, string, RegExp]>([
    [{ match: 'not_selected' }, 'not_selected', /do not select job\.failed/],
    [{ match: 'disabled' }, 'disabled', /disabled/],
    [{ match: 'min_severity', min_severity: 'critical' }, 'filtered', /min_severity: error is less than critical/],
    [{ match: 'printers' }, 'filtered', /printers: p1 is none of them/],
    [{ match: 'tags' }, 'filtered', /tags/],
    [{ match: 'organization' }, 'filtered', /organization: the event is of none/],
    [{ created_at: '2026-03-01T12:05:00.000Z' }, 'not_selected', /made after the event/],
    [{}, 'not_selected', /did not when/],
  ])('without one, by what keeps it away: %j is %s', (over, decision, detail) => {
    expect(whyOf(event, { ...channel, ...over }, undefined, now)).toMatchObject({
      decision,
      detail: expect.stringMatching(detail),
      delivery_id: null,
    });
  });

  it('is not known yet of what has just come in', () => {
    expect(whyOf(event, channel, undefined, new Date('2026-03-01T12:00:30Z')).decision).toBe('waiting');
  });
});
