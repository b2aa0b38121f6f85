import type { FarmEvent, Report } from '#contracts';

export const t0 = Date.UTC(2026, 2, 1);
/** Seconds after the specs' beginning of time. */
export const at = (s: number) => new Date(t0 + s * 1000).toISOString();

/** Some place in a stream. */
export const reached = { made: 'once', seq: 1 };

export const report = (more: Partial<Report>): Report => ({
  delivery: 'd1',
  account: 'default',
  channel: 'c1',
  channel_type: 'webhook',
  event_id: 'e1',
  event_type: 'job.failed',
  epoch: 1,
  created_at: at(0),
  at: at(1),
  outcome: null,
  reason: null,
  next_attempt_at: null,
  meaning: '',
  ...more,
});
export const event = (id: string, more: Partial<FarmEvent> = {}): FarmEvent => ({
  id,
  type: 'job.failed',
  severity: 'error',
  time: at(0),
  title: 'Print Failed',
  message: '',
  account: 'default',
  ...more,
});
export const incoming = (body: FarmEvent, seq: number) => ({ body, seq, time: new Date(t0 + seq * 1000) });
export const routed = (d: number) => ({
  body: {
    account: 'default',
    decisions: [
      {
        event_id: 'e1',
        event_type: 'job.failed',
        channel: 'c1',
        channel_type: 'webhook' as const,
        delivery: `d${d}`,
        decision: 'due' as const,
        at: at(0),
      },
    ],
  },
});
