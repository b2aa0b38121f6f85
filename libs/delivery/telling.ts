import { beginWork, deliveryAttributes } from '#bus';
import type { Delivery, Report } from '#contracts';
import { type Hop, processLog, traceIdOf } from '#runtime';

/** Working a delivery off, as a step of its trace. Undefined while nothing is exported. */
export function beginDelivery(delivery: Delivery): Hop | undefined {
  const { channel_type: type, trace } = delivery;
  const hop = beginWork(type, 'deliver', 'DELIVERIES', trace, type);
  hop?.set(deliveryAttributes(delivery));
  return hop;
}

/** How the step ended: with the delivery, or before its next attempt. */
export function endDelivery(hop: Hop | undefined, { attempt, outcome, reason }: Report): void {
  hop?.set({ 'farmbell.delivery.outcome': outcome ?? 'waiting' });
  hop?.end(attempt?.reason ?? (outcome === 'delivered' ? undefined : (reason ?? undefined)));
}

/**
 * A line for what became known of a delivery. What arrived, or was never to be sent, is of interest to who looks for it (debug):
 * a farm has thousands. The provider's words stand in the delivery, as GET /v1/deliveries/{id} shows it.
 */
export function logReport({ channel_type, trace: own }: Delivery, report: Report, trace = own): void {
  const { outcome, attempt, reason } = report;
  const [level, sentence] = lineOf(report);
  const log = processLog();
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      trace_id: traceIdOf(trace),
      event: report.event_id,
      delivery: report.delivery,
      channel: report.channel,
      channel_type,
      ...(attempt && { attempt: attempt.n, status: attempt.status, latency_ms: attempt.latency_ms }),
      outcome,
      reason: attempt?.reason ?? reason,
      ...(report.next_attempt_at && { next_attempt_at: report.next_attempt_at }),
    },
    sentence,
  );
}

/** An attempt that says nothing any more: the process that has taken its lane makes it anew. */
export function logTakenOver({ id, channel, channel_type, attempt, event }: Delivery, trace: string): void {
  processLog().info(
    { trace_id: traceIdOf(trace), event: event.id, delivery: id, channel, channel_type, attempt },
    'An attempt was under way when another process took its lane: that one makes it anew.',
  );
}

const ends = {
  delivered: ['debug', 'A delivery arrived.'],
  suppressed: ['debug', 'A delivery was not sent: its channel is not to show it.'],
  cancelled: ['info', 'A delivery was cancelled: its channel was disabled or deleted.'],
  failed: ['warn', 'A delivery failed for good.'],
  expired: ['warn', 'A delivery expired before it arrived.'],
} as const;

function lineOf({ outcome, attempt }: Report): readonly ['debug' | 'info' | 'warn', string] {
  if (outcome !== null) return ends[outcome];
  // taken in a plainer form only: no failure
  return attempt?.reason ? ['info', 'An attempt failed, another follows.'] : ['debug', 'An attempt is repeated in another form.'];
}
