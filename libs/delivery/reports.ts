import type { Bus } from '#bus';
import { type Delivery, type Outcome, type Report, subjects } from '#contracts';
import { traceOf } from '#runtime';
import type { Made } from './attempt.js';
import type { Channel, Verdict } from './channel.js';
import { Finished } from './finished.js';
import type { Next } from './retry.js';
import type { Surely } from './surely.js';

const outages = new Set(['server', 'timeout', 'dns', 'network']);
const isOutage = (channel: Channel, { reason }: Verdict) => channel.chat && reason !== null && outages.has(reason);

/** Where a report is written. */
export const subjectOf = ({ channel_type, channel }: Report): string => subjects.attempt(channel_type, channel);

/** An attempt, and how the delivery goes on after it. */
export function attempted(
  delivery: Delivery,
  { attempt, verdict }: Made,
  then: Next,
  { channel, organization }: { channel: Channel; organization: string | null },
): Report {
  const outcome = 'outcome' in then ? then.outcome : null;
  return {
    ...headOf(delivery),
    ...(organization && { organization }),
    at: attempt.at,
    first_attempt_at: delivery.first_attempt_at ?? attempt.at,
    attempt,
    outcome,
    reason: outcome === 'expired' ? 'expired' : verdict.reason,
    next_attempt_at: 'at' in then ? then.at.toISOString() : null,
    meaning: verdict.meaning,
    ...(verdict.outcome === 'gone' && !delivery.test && { gone: true as const }),
    ...(verdict.outcome === 'gone' && !delivery.test && verdict.dead && { dead: verdict.dead }),
    ...(isOutage(channel, verdict) && { outage: true as const }),
  };
}

const reasonOf = { cancelled: 'disabled', expired: 'expired', failed: 'rate_limited', suppressed: null } as const;

/** An end without an attempt. */
export const ended = (delivery: Delivery, outcome: keyof typeof reasonOf & Outcome, meaning: string): Report => ({
  ...headOf(delivery),
  at: new Date().toISOString(),
  first_attempt_at: delivery.first_attempt_at,
  outcome,
  reason: reasonOf[outcome],
  next_attempt_at: null,
  meaning,
});

/** Stores a report, until it is stored; from then on its attempt is not made again. */
export async function tell(
  { test, trace: own }: Delivery,
  report: Report,
  { bus, finished, surely }: { bus: Bus; finished: Finished; surely: Surely },
  trace = own,
): Promise<void> {
  const key = report.attempt ? Finished.key(report.delivery, report.attempt.n) : `${report.delivery}:end`;
  finished.add(key);
  await surely(() => bus.publish(subjectOf(report), report, { id: key, trace }));
  if (test && report.outcome !== null) bus.nc.publish(test.reply, JSON.stringify(report));
}

/** One for each delivery that a summary stands for. */
export const folded = (summary: Delivery): Report[] =>
  (summary.folds ?? []).map(({ id, trace: _, ...head }) => ({
    delivery: id,
    account: summary.account,
    channel: summary.channel,
    channel_type: summary.channel_type,
    ...head,
    at: new Date().toISOString(),
    outcome: null,
    reason: null,
    next_attempt_at: null,
    meaning: 'It waited behind a limit with many others: one summary tells of them all.',
    folded_into: summary.id,
  }));

/** Each says where it went, before the summary goes out: its outcome is the summary's. */
export async function tellFolded(
  summary: Delivery,
  { bus, surely }: { bus: Pick<Bus, 'publish'>; surely: Surely },
): Promise<void> {
  if (summary.attempt > 1) return;
  const traces = new Map(summary.folds?.map(({ id, trace }) => [id, traceOf(trace)]));
  const store = (report: Report) => {
    const { delivery } = report;
    return surely(() => bus.publish(subjectOf(report), report, { id: `${delivery}:folded`, trace: traces.get(delivery) }));
  };
  await Promise.all(folded(summary).map(store));
}

const headOf = (delivery: Delivery) => ({
  delivery: delivery.id,
  account: delivery.account,
  channel: delivery.channel,
  channel_type: delivery.channel_type,
  event_id: delivery.event.id,
  event_type: delivery.event.type,
  epoch: delivery.epoch,
  created_at: delivery.created_at,
  ...(delivery.test && { test: true as const }),
  ...(delivery.replay_of && { replay_of: delivery.replay_of }),
});
