import type { Report } from '#contracts';

export const minute = 60_000;
export const hour = 60 * minute;
export const t0 = Date.UTC(2026, 2, 1);

/** What the specs' reports are of: a spec sets the channel, and turns the clock. */
export const scene = { channel: '', now: t0 };

/** Some place in a stream. */
export const reached = { made: 'once', seq: 1 };

export const at = (ms = scene.now) => new Date(ms).toISOString();
export const report = (delivery: string, more: Partial<Report> = {}): Report => ({
  delivery: `${scene.channel}-${delivery}`,
  account: 'default',
  channel: scene.channel,
  channel_type: 'webhook',
  event_id: 'e1',
  event_type: 'job.failed',
  epoch: 1,
  created_at: at(),
  at: at(),
  first_attempt_at: at(),
  attempt: { n: 1, at: at(), latency_ms: 5, status: 500, reason: 'server', answer: '' },
  outcome: 'failed',
  reason: 'server',
  next_attempt_at: null,
  meaning: 'The receiver failed',
  ...more,
});
export const waits = (delivery: string, more: Partial<Report> = {}) =>
  report(delivery, { outcome: null, next_attempt_at: at(scene.now + minute), ...more });
export const later = (delivery: string, first: number, more: Partial<Report> = {}): Report => ({
  ...report(delivery, { first_attempt_at: at(first), ...more }),
  attempt: { n: 2, at: at(), latency_ms: 5, status: 500, reason: 'server', answer: '' },
});
export const expired = (delivery: string, first: number | undefined): Report => ({
  ...report(delivery, { outcome: 'expired', reason: 'expired' }),
  first_attempt_at: first === undefined ? undefined : at(first),
  attempt: undefined,
});
