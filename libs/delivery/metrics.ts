import { Counter, Gauge, Histogram } from 'prom-client';
import { type ChannelType, type Delivery, type Outcome, outcomes, type Reason, type Report, reasons } from '#contracts';
import { metrics } from '#runtime';

const registers = [metrics];
/** What an event waited for that arrived: nothing, another attempt, its provider's limit or its channel's turn, the end of quiet hours. */
const causes = ['first', 'retry', 'limit', 'quiet'] as const;
type ArrivalCause = (typeof causes)[number];

const deliveries = new Counter({
  name: 'farmbell_deliveries_total',
  help: 'Deliveries that ended, tests left out; what was folded into a summary ends as the summary does',
  labelNames: ['type', 'outcome', 'reason'],
  registers,
});
const taken = new Counter({
  name: 'farmbell_deliveries_taken_total',
  help: 'Deliveries that came from the work queue, tests left out',
  labelNames: ['type'],
  registers,
});
const folded = new Counter({
  name: 'farmbell_deliveries_folded_total',
  help: 'Deliveries that ended within a summary',
  labelNames: ['type'],
  registers,
});
const attempts = new Counter({
  name: 'farmbell_attempts_total',
  help: 'Attempts, tests included, by the reason of their failure; none: delivered',
  labelNames: ['type', 'reason'],
  registers,
});
const latency = new Histogram({
  name: 'farmbell_attempt_duration_seconds',
  help: 'Time of one attempt',
  labelNames: ['type'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  registers,
});
const arrival = new Histogram({
  name: 'farmbell_event_to_arrival_seconds',
  help: 'From acceptance of an event to its arrival, all waiting included, by what it waited for; a summary counts once for each event that it tells of, a digest once, from its making',
  labelNames: ['type', 'cause'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14_400, 86_400],
  registers,
});
const pauses = new Counter({
  name: 'farmbell_provider_pauses_total',
  help: 'Times that a provider asked to wait, or said that its limit is used up, and was obeyed',
  labelNames: ['type'],
  registers,
});
export const lanesOwned = new Gauge({
  name: 'farmbell_lanes_owned',
  help: 'Lanes that this process owns; 16 of each type in the whole farm',
  labelNames: ['type'],
  registers,
});

/** How deliveries end, and why: the reasons of a failure, and those of what was never to be sent. */
const ends: Record<Outcome, readonly string[]> = {
  delivered: ['none'],
  failed: reasons.filter((reason) => reason !== 'expired' && reason !== 'disabled'),
  expired: ['expired'],
  cancelled: ['disabled'],
  suppressed: ['progress', 'quiet'],
};

/** Every label combination starts at zero: a panel shows 0 and not "no data". */
export function zero(type: ChannelType): void {
  for (const outcome of outcomes) for (const reason of ends[outcome]) deliveries.inc({ type, outcome, reason }, 0);
  for (const reason of ['none', ...reasons]) attempts.inc({ type, reason }, 0);
  latency.zero({ type });
  for (const cause of causes) arrival.zero({ type, cause });
  for (const counter of [taken, folded, pauses]) counter.inc({ type }, 0);
  lanesOwned.set({ type }, 0);
}

export function countTaken({ channel_type: type, test }: Delivery): void {
  if (!test) taken.inc({ type });
}

export const countPause = (type: ChannelType): void => pauses.inc({ type });

/** Deliveries that quiet hours held back. */
export const suppressed = (type: ChannelType, count = 1): void =>
  deliveries.inc({ type, outcome: 'suppressed', reason: 'quiet' }, count);

/** What a report tells. `limited`: the delivery waited for its provider's limit, or for its channel's turn. */
export function observe(delivery: Delivery, { attempt, outcome, reason }: Report, limited = false): void {
  const type = delivery.channel_type;
  if (attempt) {
    attempts.inc({ type, reason: attempt.reason ?? 'none' });
    latency.observe({ type }, attempt.latency_ms / 1000);
  }
  if (outcome === null || delivery.test) return;
  const { folds = [] } = delivery;
  deliveries.inc({ type, outcome, reason: labelOf(outcome, reason) }, 1 + folds.length);
  folded.inc({ type }, folds.length);
  if (outcome !== 'delivered') return;
  if (folds.length === 0) arrived(type, causeOf(delivery, limited), delivery.created_at);
  for (const { created_at } of folds) arrived(type, 'limit', created_at);
}

const labelOf = (outcome: Outcome, reason: Reason | null): string =>
  outcome === 'delivered' ? 'none' : (reason ?? (outcome === 'suppressed' ? 'progress' : 'none'));

function causeOf({ event, attempt, free = 0 }: Delivery, limited: boolean): ArrivalCause {
  if (event.type === 'channel.digest') return 'quiet';
  if (attempt - free > 1) return 'retry';
  return limited ? 'limit' : 'first';
}

const arrived = (type: ChannelType, cause: ArrivalCause, since: string) =>
  arrival.observe({ type, cause }, Math.max(0, (Date.now() - Date.parse(since)) / 1000));
