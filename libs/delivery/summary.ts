import { v7 } from 'uuid';
import { type Delivery, defaultTexts, type FarmEvent, type Folded, rowOf, type Severity, severities } from '#contracts';
import { beginHop, newTrace } from '#runtime';

const type = 'channel.summary';
const mostLines = 50;
/** Of so many traces the summary's own says that it tells of them. */
const mostLinks = 16;

/** What of a backlog can become one; one alone is no storm. */
export function summarize(backlog: readonly Delivery[]): Delivery | undefined {
  const many = backlog.filter(foldable);
  return many.length > 1 ? summaryOf(many, new Date()) : undefined;
}

/** One delivery in place of many of the same channel, in their order: it says how many, of what types, and the gravest first. */
export function summaryOf(deliveries: readonly Delivery[], now: Date): Delivery {
  const last = deliveries.at(-1)!;
  const events = deliveries.map(({ event }) => event);
  const gravest = [...events].sort((a, b) => grave(b.severity) - grave(a.severity));
  const types: Record<string, number> = {};
  for (const event of gravest) types[event.type] = (types[event.type] ?? 0) + 1;
  const data = { count: events.length, types, lines: gravest.slice(0, mostLines).map(({ title }) => title) };
  const id = v7().replaceAll('-', '');
  const time = now.toISOString();
  const event: FarmEvent = {
    id: `summary-${id}`,
    type,
    severity: gravest[0]!.severity,
    time,
    ...defaultTexts(rowOf(type)!, { type, data }),
    account: last.account,
    data,
  };
  return {
    id,
    account: last.account,
    channel: last.channel,
    channel_type: last.channel_type,
    lane: last.lane,
    version: Math.max(...deliveries.map((one) => one.version)),
    epoch: Math.max(...deliveries.map((one) => one.epoch)),
    created_at: time,
    attempt: 1,
    folds: deliveries.map(foldedOf),
    trace: traceFor(deliveries),
    event,
  };
}

/** A trace of its own, which names the first of those that it stands for. */
function traceFor(deliveries: readonly Delivery[]): string {
  const { channel_type, channel, account } = deliveries[0]!;
  const links = deliveries.slice(0, mostLinks).flatMap(({ trace }) => trace ?? []);
  const hop = beginHop(channel_type, `fold ${channel_type}`, 'internal', undefined, links);
  hop?.set({ 'farmbell.account': account, 'farmbell.channel.id': channel, 'farmbell.deliveries': deliveries.length });
  hop?.end();
  return hop?.trace ?? newTrace();
}

const grave = (severity: Severity) => severities.indexOf(severity);

const foldedOf = ({ id, created_at, epoch, replay_of, trace, event }: Delivery): Folded => ({
  id,
  event_id: event.id,
  event_type: event.type,
  created_at,
  epoch,
  ...(replay_of && { replay_of }),
  ...(trace && { trace }),
});

/** A summary is not folded again, and a test is nobody's storm. */
export const foldable = ({ folds, test, clears }: Delivery): boolean => !folds && !test && !clears;
