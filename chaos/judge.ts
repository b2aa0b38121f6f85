import { type ChannelPlan, channelPlans } from './channels.js';
import { orderFaults } from './order.js';
import type { Accepted, Arrival, Records, Shown } from './records.js';
import { excuse, foldedToo, repeatsOf } from './repeats.js';

/** A receiver's answer is waited for so long. */
const answerMs = 10_000;

export interface Violation {
  what: 'missing' | 'unaccounted' | 'repeated' | 'order' | 'unknown' | 'outside';
  channel: string;
  event: string;
  /** What is known of it. */
  text: string;
  /** When it was seen, of a repeat. */
  at?: number;
}

export interface Explained {
  channel: string;
  event: string;
  /** What was repeated, and the fault at which it was under way. */
  text: string;
  because: string;
}

export interface Row {
  channel: string;
  due: number;
  delivered: number;
  /** Taken more than once, or an attempt made twice: each explained by a fault, or a violation. */
  repeated: number;
  failed: number;
  waiting: number;
  cancelled: number;
  /** Of the delivered ones: told of in a summary. */
  folded: number;
  missing: number;
  unaccounted: number;
  order: number;
}

export interface Judgement {
  accepted: number;
  rows: Row[];
  violations: Violation[];
  /** Repeats that a fault explains. */
  explained: Explained[];
}

/** Compares what was accepted with what arrived and with what the API says of it. Pure. */
export function judge(records: Records, plans: readonly ChannelPlan[] = channelPlans): Judgement {
  const arrivals = grouped(records.arrivals, (one) => key(one.channel, one.event));
  const shown = grouped(records.shown, (one) => key(one.channel, one.event));
  const reported = grouped(records.reported, (one) => one.delivery);
  const judgement: Judgement = { accepted: records.accepted.length, rows: [], violations: [], explained: [] };

  for (const plan of plans) {
    const due = records.accepted.filter((event) => plan.selects(event));
    const row: Row = {
      channel: plan.name,
      due: due.length,
      delivered: 0,
      repeated: 0,
      failed: 0,
      waiting: 0,
      cancelled: 0,
      folded: 0,
      missing: 0,
      unaccounted: 0,
      order: 0,
    };
    judgement.rows.push(row);
    const violate = (what: Violation['what'], event: string, text: string, at?: number) =>
      judgement.violations.push({ what, channel: plan.name, event, text, ...(at !== undefined && { at }) });

    for (const event of due) {
      const here = arrivals.get(key(plan.name, event.id)) ?? [];
      const listed = shown.get(key(plan.name, event.id)) ?? [];
      const one = listed[0];
      const reports = one ? (reported.get(one.delivery) ?? []) : [];
      const outcome = one ? stateOf(one) : 'no record';
      if (outcome in row) row[outcome as 'delivered' | 'failed' | 'waiting' | 'cancelled']++;
      const seen = () => describe(event, here, one, reports.length);
      const folded = one?.folded === true && outcome === 'delivered';
      if (folded) row.folded++;

      if (!folded && !here.some((arrival) => arrival.took) && !['failed', 'waiting', 'expired', 'cancelled'].includes(outcome)) {
        row.missing++;
        violate('missing', event.id, seen());
      }
      const fault = recordFault(plan, listed, here, records);
      if (fault) {
        row.unaccounted++;
        violate('unaccounted', event.id, `${fault}: ${seen()}`);
      }
      const repeats = repeatsOf(here, reports, one !== undefined && one.outcome !== null).concat(
        foldedToo(here, reports, folded),
      );
      row.repeated += repeats.length;
      const unexcused = repeats.filter((repeat) => {
        const because = excuse(repeat, plan.type, records.faults);
        if (because) judgement.explained.push({ channel: plan.name, event: event.id, text: repeat.text, because });
        return !because;
      });
      const [repeat, ...more] = unexcused;
      const times = more.length > 0 ? `, and ${more.length} more` : '';
      if (repeat) violate('repeated', event.id, `${repeat.text}${times}; no fault explains it: ${seen()}`, repeat.again);
    }
    for (const { event, text } of orderFaults(
      due,
      arrivals,
      (id) => {
        const one = shown.get(key(plan.name, id))?.[0];
        return one ? (reported.get(one.delivery) ?? []) : [];
      },
      plan.name,
    )) {
      row.order++;
      violate('order', event, text);
    }
    judgement.violations.push(...strangers(plan, due, records.arrivals));
  }
  return judgement;
}

/** What contradicts what in the records of one delivery; undefined when they agree. */
function recordFault(
  plan: ChannelPlan,
  listed: Shown[],
  arrivals: Arrival[],
  { waitingRows, faults }: Records,
): string | undefined {
  const [one, ...more] = listed;
  if (!one) return 'the API knows no such delivery';
  if (more.length > 0) return `the API lists ${listed.length} deliveries`;
  const state = stateOf(one);
  const took = arrivals.some((arrival) => arrival.took);
  if (state === 'open') return 'the API says neither how it ended nor when it goes on';
  if (arrivals.some(({ delivery }) => delivery !== '' && delivery !== one.delivery)) return 'it arrived under another id';
  if (state === 'delivered' && !took && !one.folded) return 'the API says delivered, and the receiver never took it';
  if (state === 'waiting' && !waitingRows.has(one.delivery)) return 'the API says that it waits, and nothing waits';
  if (state !== 'waiting' && waitingRows.has(one.delivery)) return `the API says ${state}, and it still waits`;
  if (plan.ends.includes(state)) return undefined;
  // an answer that came while its asker stood still may be found too late to be read
  const unread = faults.some(
    ({ kind, victim, from, to }) =>
      kind === 'stop' && victim.startsWith(`${plan.type}-`) && arrivals.some(({ at }) => from <= at + answerMs && at <= to),
  );
  return unread ? undefined : `it may end as ${plan.ends.join(' or ')} alone`;
}

/** What arrived though it was not due. Farmbell's own events are. */
function strangers(plan: ChannelPlan, due: Accepted[], arrivals: Arrival[]): Violation[] {
  const known = new Set(due.map((event) => event.id));
  const odd = arrivals.filter(
    ({ channel, event }) => channel === plan.name && !known.has(event) && !event.startsWith('channel.') && !isSummary(event),
  );
  return [...new Set(odd.map(({ event }) => event))].map((event) => ({
    what: 'unknown',
    channel: plan.name,
    event,
    text: 'it arrived, and was not due here, or was never accepted',
  }));
}

/** A chat shows titles alone. */
const isSummary = (title: string): boolean => title.endsWith('in one message');

const stateOf = ({ outcome, next_attempt_at, attempts }: Shown): string =>
  outcome ?? (next_attempt_at !== null && attempts > 0 ? 'waiting' : 'open');

/** In a description. */
const mostArrivals = 5;

const time = (ms: number) => new Date(ms).toISOString().slice(11, 23);

function describe(event: Accepted, arrivals: Arrival[], one: Shown | undefined, reports: number): string {
  const some = arrivals.slice(0, mostArrivals).map(({ at, took }) => `${time(at)}${took ? ' taken' : ''}`);
  if (arrivals.length > mostArrivals) some.push(`${arrivals.length - mostArrivals} times more`);
  const came = some.join(', ') || 'never';
  const api = one ? `${stateOf(one)} after ${one.attempts} attempts (delivery ${one.delivery})` : 'nothing';
  return `accepted over ${event.way} at ${time(event.acceptedAt)} (try ${event.tries}); arrived ${came}; the API: ${api}; reports: ${reports}`;
}

export const key = (channel: string, event: string): string => `${channel} ${event}`;

/** Keeps the order within each group. */
function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
