import type { ChannelPlan } from './channels.js';
import { type Accepted, type Arrival, type Fault, ways } from './records.js';

/** How long after a fault's end everything flowed again, in milliseconds; null when it never did. */
export interface Recovery {
  fault: Fault;
  ms: number | null;
  /** What was last to flow: the way in and the channel. */
  last: string;
}

/**
 * For each fault: when, of the events first sent after its end, one had arrived by every way at every fast channel. A later
 * fault may lie between. Pure.
 */
export function recoveries(
  faults: readonly Fault[],
  accepted: readonly Accepted[],
  arrivals: readonly Arrival[],
  channels: readonly ChannelPlan[],
): Recovery[] {
  const arrived = new Map<string, number>();
  for (const { channel, event, at } of arrivals) {
    const key = `${channel} ${event}`;
    arrived.set(key, Math.min(arrived.get(key) ?? Number.POSITIVE_INFINITY, at));
  }
  return faults.map((fault) => {
    let [latest, last] = [fault.to, ''];
    for (const { name, selects } of channels) {
      for (const way of ways) {
        let first = Number.POSITIVE_INFINITY;
        for (const event of accepted)
          if (event.way === way && event.triedAt >= fault.to && selects(event))
            first = Math.min(first, arrived.get(`${name} ${event.id}`) ?? Number.POSITIVE_INFINITY);
        if (first > latest) [latest, last] = [first, `${way} to ${name}`];
      }
    }
    return { fault, ms: Number.isFinite(latest) ? latest - fault.to : null, last };
  });
}
