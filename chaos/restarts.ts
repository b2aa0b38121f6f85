import type { ChannelPlan } from './channels.js';
import type { Violation } from './judge.js';
import type { Accepted, Arrival, Fault } from './records.js';

/** The longest way of an event from its acceptance to its arrival. */
export interface Longest {
  ms: number;
  channel: string;
  event: string;
}

/** What a rolling restart cost. It is no crash: it explains no repeat. */
export interface Restart {
  fault: Fault;
  /** In the calm before it; null when nothing arrived then. */
  before: Longest | null;
  during: Longest | null;
  repeats: number;
}

/** A repeat is made at the latest so long after. */
const graceMs = 60_000;

/**
 * For each rolling restart: the longest time between acceptance and arrival at these channels, of what was on its way at any
 * moment of it, and of what had arrived since the fault before it. Pure.
 */
export function restarts(
  faults: readonly Fault[],
  accepted: readonly Accepted[],
  arrivals: readonly Arrival[],
  violations: readonly Violation[],
  channels: readonly ChannelPlan[],
): Restart[] {
  const acceptedAt = new Map(accepted.map((event) => [event.id, event.acceptedAt]));
  const names = new Set(channels.map(({ name }) => name));
  const ways = arrivals.flatMap(({ channel, event, at }) => {
    const from = acceptedAt.get(event);
    return names.has(channel) && from !== undefined ? [{ channel, event, from, to: at }] : [];
  });
  const longest = (some: typeof ways): Longest | null => {
    const [first, ...others] = some;
    if (!first) return null;
    const most = others.reduce((one, other) => (other.to - other.from > one.to - one.from ? other : one), first);
    return { ms: most.to - most.from, channel: most.channel, event: most.event };
  };
  return faults
    .filter(({ kind }) => kind === 'rolling-restart')
    .map((fault) => {
      const calm = Math.max(0, ...faults.filter(({ to }) => to <= fault.from).map(({ to }) => to));
      const repeated = violations.filter(
        ({ what, at = 0 }) => what === 'repeated' && at >= fault.from && at <= fault.to + graceMs,
      );
      return {
        fault,
        before: longest(ways.filter(({ from, to }) => from >= calm && to < fault.from)),
        during: longest(ways.filter(({ from, to }) => from <= fault.to && to >= fault.from)),
        repeats: repeated.length,
      };
    });
}
