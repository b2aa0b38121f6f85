import type { JsMsg } from '@nats-io/jetstream';
import { type StreamName, sound } from '#bus';
import { type FarmEvent, outcomes as known, type Report, subjects } from '#contracts';
import { eventView } from '../controllers/event-view.js';

/** What is told of a message, and to whom. */
export interface Told {
  account: string;
  /** When it was stored, of an outcome when its delivery was made: ms since 1970. */
  at: number;
  /** The fields `event` and `data` of a server-sent event. */
  text(): string;
}

/** A stream of the broker, as live streams tell of it. */
export interface Source {
  stream: StreamName;
  filter?: string;
  /** Undefined: of this message nothing is told. */
  read(message: JsMsg): Told | undefined;
}

/** Made when the first of those who listen asks for it. */
function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}

const storedAt = (message: JsMsg): number => message.info.timestampNanos / 1e6;

/** JSON knows no line break but as an escape: one line of `data` holds it. */
const field = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n`;

/** An account's events as they are accepted. */
export const eventsOf = (account: string, publicUrl: string): Source => ({
  stream: 'EVENTS',
  filter: subjects.event(account, '>'),
  read(message) {
    const event = readable(() => sound(message.json<FarmEvent>(), ['id', 'type', 'time']));
    return event && { account, at: storedAt(message), text: once(() => field('event', eventView(event, publicUrl))) };
  },
});

/** How deliveries ended, of every account: a report's subject names none. */
export const outcomes: Source = {
  stream: 'ATTEMPTS',
  read(message) {
    const report = readable(() => sound(message.json<Report>(), texts));
    if (!report || !tells(report)) return undefined;
    const made = Date.parse(report.created_at);
    const at = Number.isNaN(made) ? storedAt(message) : made;
    return { account: report.account, at, text: once(() => field('outcome', outcomeView(report))) };
  },
};

const texts: (keyof Report & string)[] = ['delivery', 'account', 'channel', 'channel_type', 'event_id', 'event_type', 'at'];

/** Where a delivery's way ends: with an outcome, which a later acknowledgement does not change, or in a summary. */
const tells = ({ outcome, acknowledged, folded_into }: Report): boolean =>
  outcome === null ? typeof folded_into === 'string' : known.includes(outcome) && !acknowledged;

const outcomeView = (report: Report) => ({
  delivery_id: report.delivery,
  event_id: report.event_id,
  event_type: report.event_type,
  channel_id: report.channel,
  channel_type: report.channel_type,
  outcome: report.outcome,
  reason: report.reason,
  at: report.at,
  ...(report.folded_into && { folded_into: report.folded_into }),
});

/** What is no such message is the journal's to reject: here it is passed over. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
