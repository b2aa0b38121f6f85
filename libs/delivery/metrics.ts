import { Counter, Gauge, Histogram } from 'prom-client';
import { type Attempt, type ChannelType, type Delivery, type Outcome, outcomes, reasons } from '#contracts';
import { metrics } from '#runtime';

const registers = [metrics];
const deliveries = new Counter({
  name: 'farmbell_deliveries_total',
  help: 'Deliveries that ended',
  labelNames: ['type', 'outcome'],
  registers,
});
const attempts = new Counter({
  name: 'farmbell_attempts_total',
  help: 'Attempts by reason; none: delivered',
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
  help: 'From the acceptance of an event to its arrival, waiting included',
  labelNames: ['type', 'cause'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600],
  registers,
});
export const lanesOwned = new Gauge({
  name: 'farmbell_lanes_owned',
  help: 'Lanes that this process owns',
  labelNames: ['type'],
  registers,
});

/** Every label combination starts at zero: a panel shows 0 and not "no data". */
export function zero(type: ChannelType): void {
  for (const outcome of outcomes) deliveries.inc({ type, outcome }, 0);
  for (const reason of ['none', ...reasons]) attempts.inc({ type, reason }, 0);
  latency.zero({ type });
  for (const cause of ['first', 'retry']) arrival.zero({ type, cause });
  lanesOwned.set({ type }, 0);
}

export function observe(type: ChannelType, delivery: Delivery, attempt: Attempt | undefined, outcome: Outcome | null): void {
  if (attempt) {
    attempts.inc({ type, reason: attempt.reason ?? 'none' });
    latency.observe({ type }, attempt.latency_ms / 1000);
  }
  if (outcome) deliveries.inc({ type, outcome });
  if (outcome === 'delivered' && !delivery.test) {
    const waited = (Date.now() - Date.parse(delivery.created_at)) / 1000;
    arrival.observe({ type, cause: delivery.attempt > 1 ? 'retry' : 'first' }, Math.max(0, waited));
  }
}
