/** What a receiver got of one run, in the order of arrival: event, channel and time of each. */
export interface Arrivals {
  n: Int32Array;
  channel: Int32Array;
  at: Float64Array;
  /** Of another run, or of none. */
  strange: number;
}

export interface Expected {
  first: number;
  events: number;
  /** The channels at which the nth event must arrive, each once. */
  channelsOf: (n: number) => readonly number[];
  /** Within its channel, in whose order it must arrive; without it, the order does not matter. */
  printerOf?: (n: number) => number;
  /** Channels at which an event may arrive more than once, and in any order. */
  repeats?: readonly number[];
}

const most = 5;
const channelsAtMost = 2 ** 20;

/** What is wrong with what arrived, as sentences; none when every event arrived at each of its channels once and in order. */
export function faultsOf(
  { n, channel, strange }: Arrivals,
  { first, events, channelsOf, printerOf, repeats = [] }: Expected,
): string[] {
  const faults: string[] = [];
  const seen = new Set<number>();
  const last = new Map<string, number>();
  let twice = 0;
  let unexpected = 0;
  let disordered = 0;
  n.forEach((event, i) => {
    const place = channel[i]!;
    if (event < first || event >= first + events || !channelsOf(event).includes(place)) {
      unexpected++;
      return;
    }
    const key = event * channelsAtMost + place;
    if (seen.has(key)) {
      if (!repeats.includes(place)) twice++;
      return;
    }
    seen.add(key);
    if (!printerOf || repeats.includes(place)) return;
    const line = `${place}/${printerOf(event)}`;
    if (event < (last.get(line) ?? -1)) disordered++;
    last.set(line, Math.max(event, last.get(line) ?? -1));
  });
  const missing: string[] = [];
  let missed = 0;
  for (let event = first; event < first + events; event++) {
    for (const place of channelsOf(event)) {
      if (seen.has(event * channelsAtMost + place)) continue;
      missed++;
      if (missing.length < most) missing.push(`event ${event} at channel ${place}`);
    }
  }
  if (missed > 0) faults.push(`${missed} did not arrive: ${missing.join(', ')}${missed > missing.length ? ', …' : ''}`);
  if (twice > 0) faults.push(`${twice} arrived a second time`);
  if (disordered > 0) faults.push(`${disordered} arrived after a later one of their printer`);
  if (unexpected > 0) faults.push(`${unexpected} arrived where they were not due`);
  if (strange > 0) faults.push(`${strange} belong to no run or to another one`);
  return faults;
}
