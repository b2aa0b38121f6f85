import type { Bus } from '#bus';
import { type FarmEvent, type Report, subjects } from '#contracts';

const time = '2026-03-01T12:00:00.000Z';

/** For specs: an accepted event, as intake writes it. */
export const sampleEvent = (id: string, more: Partial<FarmEvent> = {}): FarmEvent => ({
  id,
  type: 'job.failed',
  severity: 'error',
  time,
  title: 'Print Failed',
  message: 'A job failed.',
  account: 'default',
  ...more,
});

/** For specs: a delivery's end, as a channel type's service reports it. */
export const sampleReport = (delivery: string, more: Partial<Report> = {}): Report => ({
  delivery,
  account: 'default',
  channel: 'channel-1',
  channel_type: 'webhook',
  event_id: 'event-1',
  event_type: 'job.failed',
  epoch: 1,
  created_at: new Date().toISOString(),
  at: time,
  outcome: 'delivered',
  reason: null,
  next_attempt_at: null,
  meaning: 'The receiver took it.',
  ...more,
});

export const putEvent = (bus: Bus, id: string, more: Partial<FarmEvent> = {}) => {
  const event = sampleEvent(id, more);
  return bus.publish(subjects.event(event.account, event.type), event, { id: `${event.account}:${id}` });
};

export const putReport = (bus: Bus, delivery: string, more: Partial<Report> = {}) => {
  const report = sampleReport(delivery, more);
  return bus.publish(subjects.attempt(report.channel_type, report.channel), report);
};
