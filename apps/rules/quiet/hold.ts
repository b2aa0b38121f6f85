import { type Bus, beginWork, deliveryAttributes, type Incoming, Poison, sound } from '#bus';
import { channelTypes, type Delivery, type Report, severities, subjects } from '#contracts';
import { type Database, type Hop, processLog, traceIdOf, traceOf } from '#runtime';
import { suppressed as countSuppressed } from '../metrics.js';

/** A delivery that quiet hours hold back, as it lies in the queue. */
export interface Held extends Delivery {
  window: { starts: string; ends: string };
  /** The event calls off the channel's alarms of this printer, held back or not. */
  calls_off?: true;
}

/**
 * Stores what is held back under its window, and says so. The window is locked while it is looked at: what comes when its digest
 * is made already goes out at once instead. A repeat ends as it did before.
 */
export async function hold(bus: Bus, database: Database, messages: readonly Pick<Incoming<Held>, 'body'>[]): Promise<void> {
  const held = messages.map(({ body }) => read(body));
  const hops = held.map(stepOf);
  const traceAt = new Map(held.map((one, n) => [one, hops[n]?.trace ?? one.trace]));
  const late = await store(database, held);
  const publish = ({ window: _, calls_off: __, ...delivery }: Held, more: Partial<Delivery>, id: string) =>
    bus.publish(subjects.delivery(delivery.channel_type, delivery.lane, delivery.channel), { ...delivery, ...more }, { id });
  await Promise.all(
    held.flatMap((one) => {
      if (late.has(one.id)) return [publish(one, {}, `${one.id}:late`)];
      const told = bus
        .publish(subjects.attempt(one.channel_type, one.channel), suppressed(one), {
          id: `${one.id}:end`,
          trace: traceAt.get(one),
        })
        .then(({ duplicate }) => duplicate || tellSuppressed(one));
      return one.calls_off ? [told, publish(one, { clears: true }, `${one.id}:clears`)] : [told];
    }),
  );
  for (const hop of hops) hop?.end();
}

function stepOf(held: Held): Hop | undefined {
  const hop = beginWork('rules', 'hold', 'DELIVERIES', held.trace);
  hop?.set(deliveryAttributes(held));
  return hop;
}

function tellSuppressed({ trace, id, channel, channel_type, event }: Held): void {
  countSuppressed(channel_type);
  const log = processLog();
  if (log.isLevelEnabled('debug'))
    log.debug(
      { trace_id: traceIdOf(trace), event: event.id, delivery: id, channel },
      'An event is held back: its channel has quiet hours, whose digest will tell of it.',
    );
}

/** As rules wrote it; only a stranger's message can be otherwise. */
function read(body: Held): Held {
  sound(body, ['id', 'account', 'channel', 'channel_type', 'created_at'], ['lane', 'epoch']);
  sound(body.event, ['id', 'type', 'severity', 'title', 'time']);
  sound(body.window, ['starts', 'ends']);
  const known =
    (channelTypes as readonly string[]).includes(body.channel_type) &&
    (severities as readonly string[]).includes(body.event.severity);
  const times = [body.created_at, body.event.time, body.window.starts, body.window.ends];
  if (known && times.every((time) => !Number.isNaN(Date.parse(time)))) return { ...body, trace: traceOf(body.trace) };
  throw new Poison([{ path: '', message: 'is nothing that quiet hours hold back' }]);
}

/** The deliveries that came after their window had been closed. */
async function store(database: Database, held: Held[]): Promise<Set<string>> {
  const columns = <T>(pick: (one: Held) => T) => held.map(pick);
  return database.transaction(async (manager) => {
    const places = [columns((one) => one.channel), columns((one) => one.window.starts)];
    await manager.query(
      `insert into quiet_window (channel, starts, account, ends)
       select distinct on (channel, starts) channel, starts, account, ends
       from unnest($1::text[], $2::timestamptz[], $3::text[], $4::timestamptz[]) as given (channel, starts, account, ends)
       order by channel, starts on conflict do nothing`,
      [...places, columns((one) => one.account), columns((one) => one.window.ends)],
    );
    await manager.query(
      `select from quiet_window where (channel, starts) in (select * from unnest($1::text[], $2::timestamptz[]))
       order by channel, starts for share`,
      places,
    );
    await manager.query(
      `insert into suppressed (delivery, channel, starts, type, severity, title, time)
       select delivery, channel, starts, type, severity, title, time
       from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
         as given (channel, starts, delivery, type, severity, title, time)
       join quiet_window w using (channel, starts) where w.closed_at is null
       on conflict do nothing`,
      [
        ...places,
        columns((one) => one.id),
        columns((one) => one.event.type),
        columns((one) => one.event.severity),
        columns((one) => one.event.title),
        columns((one) => one.event.time),
      ],
    );
    const stored: { delivery: string }[] = await manager.query('select delivery from suppressed where delivery = any($1)', [
      columns((one) => one.id),
    ]);
    const known = new Set(stored.map(({ delivery }) => delivery));
    return new Set(columns((one) => one.id).filter((id) => !known.has(id)));
  });
}

const suppressed = ({ id, account, channel, channel_type, epoch, created_at, event }: Held): Report => ({
  delivery: id,
  account,
  channel,
  channel_type,
  event_id: event.id,
  event_type: event.type,
  epoch,
  created_at,
  at: new Date().toISOString(),
  outcome: 'suppressed',
  reason: null,
  next_attempt_at: null,
  meaning: 'The channel had quiet hours: their digest tells of it.',
});
