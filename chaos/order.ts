import type { Accepted, Arrival, Reported } from './records.js';

/**
 * First attempts that arrived in another order than their printer's events were accepted in. An event whose first arrival is
 * not its first attempt (that one failed on its way, and is on record) is left out: retries may change the order. Pure.
 */
export function orderFaults(
  due: readonly Accepted[],
  arrivals: ReadonlyMap<string, readonly Arrival[]>,
  reportsOf: (event: string) => readonly Reported[],
  channel: string,
): { event: string; text: string }[] {
  const firsts = due.flatMap((event) => {
    const at = Math.min(...(arrivals.get(`${channel} ${event.id}`) ?? []).map((arrival) => arrival.at));
    const isFirstAttempt = Number.isFinite(at) && !reportsOf(event.id).some((report) => report.at < at);
    return isFirstAttempt ? [{ event, at }] : [];
  });
  const latest = new Map<string, (typeof firsts)[number]>();
  // by acceptance: within a printer that is `n`; between printers there is no order
  return [...firsts]
    .sort((a, b) => a.event.n - b.event.n)
    .flatMap((one) => {
      const before = latest.get(one.event.printer);
      if (!before || one.at >= before.at) latest.set(one.event.printer, one);
      if (!before || one.at >= before.at) return [];
      const text = `it arrived ${before.at - one.at} ms before ${before.event.id}, which was accepted before it`;
      return [{ event: one.event.id, text }];
    });
}
