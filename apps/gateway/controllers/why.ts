import type { Asks, DeliveryView, FarmEvent } from '#contracts';

export const decisions = [
  'delivered',
  'failed',
  'waiting',
  'not_selected',
  'filtered',
  'quiet',
  'disabled',
  'expired',
  'cancelled',
] as const;
export type Decision = (typeof decisions)[number];

/** What became of an event at one channel, and the reason that decided it. */
export interface Why {
  channel_id: string;
  name: string;
  decision: Decision;
  detail: string;
  delivery_id: string | null;
}

export type Matched = Asks['rules.event.match'][1]['channels'][number];

/** An event's deliveries are heard of within this time. */
const heardMs = 60_000;

/** By its delivery where there is one; else by what keeps the event from the channel. Pure. */
export function whyOf(event: FarmEvent, channel: Matched, delivery: DeliveryView | undefined, now: Date): Why {
  const [decision, detail] = delivery ? ofDelivery(delivery) : ofMatch(event, channel, now);
  return { channel_id: channel.id, name: channel.name, decision, detail, delivery_id: delivery?.id ?? null };
}

function ofDelivery(delivery: DeliveryView): [Decision, string] {
  const { outcome, attempts, folded_into, next_attempt_at } = delivery;
  const last = attempts.at(-1);
  const tries = attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`;
  const reason = last?.reason ? `${last.reason}${last.status === null ? '' : ` (HTTP ${last.status})`}` : delivery.reason;
  const folded = folded_into ? ` It is told of in the summary ${folded_into}, with others that waited behind a limit.` : '';
  switch (outcome) {
    case 'delivered':
      return ['delivered', folded ? folded.trim() : `Delivered after ${tries}.`];
    case 'failed':
      return ['failed', `Failed after ${tries}: ${reason ?? 'no reason is known'}.${folded}`];
    case 'expired':
      return ['expired', `Not delivered before expires_after_s was over, after ${tries}${reason ? `: ${reason}` : ''}.${folded}`];
    case 'cancelled':
      return ['cancelled', `The channel was disabled or deleted while it waited, after ${tries}.${folded}`];
    case 'suppressed':
      return delivery.event_type === 'job.progress'
        ? ['filtered', 'So little progress is not shown: progress_every.']
        : [
            'quiet',
            'The channel had quiet hours when it came in: it is told of in their digest, unless the digest is turned off.',
          ];
    default:
      if (folded) return ['waiting', folded.trim()];
      if (!last) return ['waiting', 'It waits for its first attempt, behind others of this channel.'];
      return [
        'waiting',
        `${tries} so far, the last: ${reason ?? 'taken'}; the next is at ${next_attempt_at ?? 'a time not known'}.`,
      ];
  }
}

function ofMatch(event: FarmEvent, { match, min_severity, created_at }: Matched, now: Date): [Decision, string] {
  switch (match) {
    case 'not_selected':
      return ['not_selected', `Its events do not select ${event.type}, or its format has no name for it.`];
    case 'disabled':
      return ['disabled', 'The channel is disabled.'];
    case 'min_severity':
      return ['filtered', `min_severity: ${event.severity} is less than ${min_severity}.`];
    case 'printers':
      return [
        'filtered',
        `printers: ${event.printer?.id ? `${event.printer.id} is none of them` : 'the event names no printer'}.`,
      ];
    case 'tags':
      return ['filtered', 'tags: the printer has none of them.'];
    case 'organization':
      return ['filtered', `organization: the event is of ${event.organization ?? 'none'}.`];
    default:
      if (Date.parse(created_at) > Date.parse(event.time)) return ['not_selected', 'The channel was made after the event.'];
      if (now.getTime() - Date.parse(event.time) < heardMs)
        return ['waiting', 'It is due there; nothing is known of an attempt yet.'];
      return ['not_selected', 'It selects this event now, but did not when the event came in.'];
  }
}
