import type { Arrival, Fault, Reported } from './records.js';

/** An attempt that was made again, or a delivery that was taken again. */
export interface Repeat {
  /** When the attempt arrived that was under way, and when it arrived again. */
  first: number;
  again: number;
  text: string;
  /** It was sent although its end was on record. */
  late: boolean;
}

/** An arrival of an attempt is repeated by chance at the latest so long after what broke it is whole again. */
const graceMs = 60_000;

/** A receiver comes to read a request at the latest so long after it was sent. */
const readMs = 1500;

/**
 * What of a delivery's arrivals is a repeat. An arrival makes the attempt that follows those on record when it came: two
 * arrivals with the same number of reports before them are the same attempt, made twice. Taken is taken: whatever comes
 * after is a repeat as well. `ended`: the last report is its end. Pure.
 */
export function repeatsOf(arrivals: readonly Arrival[], reports: readonly Reported[], ended: boolean): Repeat[] {
  const sorted = [...arrivals].sort((a, b) => a.at - b.at);
  const onRecord = (at: number) => reports.filter((report) => report.at < at).length;
  return sorted.flatMap((arrival, i): Repeat[] => {
    const again = arrival.at;
    const before = sorted[i - 1];
    const taken = sorted.slice(0, i).find((one) => one.took);
    if (ended && reports.length > 0 && onRecord(again) === reports.length)
      return [{ first: before?.at ?? again, again, text: 'it was sent after its end was on record', late: true }];
    if (before && onRecord(before.at) === onRecord(again))
      return [{ first: before.at, again, text: `attempt ${onRecord(again) + 1} was made again`, late: false }];
    return taken ? [{ first: taken.at, again, text: 'it was sent again after it had been taken', late: false }] : [];
  });
}

/** What was taken and stands in a summary as well is told twice. */
export function foldedToo(arrivals: readonly Arrival[], reports: readonly Reported[], folded: boolean): Repeat[] {
  const taken = folded ? arrivals.find((one) => one.took) : undefined;
  const again = reports.at(-1)?.at ?? taken?.at ?? 0;
  return taken ? [{ first: taken.at, again, text: 'it was folded into a summary after it had been taken', late: false }] : [];
}

/**
 * The fault that explains a repeat, in words; undefined when none does. Only an attempt that was under way can be repeated:
 * its process was killed or stood still, or what it writes its reports to was away, between the one arrival and the other.
 */
export function excuse({ first, again, late }: Repeat, channelType: string, faults: readonly Fault[]): string | undefined {
  if (late) return undefined;
  const found = faults.find((fault) => {
    const { kind, victim, from, to } = fault;
    if (kind === 'kill' || kind === 'kill-all') {
      // an instant: what was begun after it was not under way
      return (
        (victim === channelType || victim.startsWith(`${channelType}-`)) &&
        from >= first - readMs &&
        from <= again &&
        again - from <= graceMs
      );
    }
    if (kind === 'stop') return victim.startsWith(`${channelType}-`) && overlaps(from, to, first, again);
    if (kind === 'rolling-restart' || kind === 'database-kill' || kind === 'database-away') return false;
    return overlaps(from, to, first, again);
  });
  return found && `${found.kind} ${found.victim}`;
}

const overlaps = (from: number, to: number, first: number, again: number) =>
  from <= again && first <= to && again - to <= graceMs;
