import { createHash } from 'node:crypto';
import type { JsMsg } from '@nats-io/jetstream';
import { acknowledgedTypes, clearingEvents, type Decision, type FarmEvent, subjects } from '#contracts';
import type { Matchable } from './match.js';
import type { MatchIndex } from './match-index.js';
import type { Quiet } from './quiet/quiet.js';
import type { Message } from './round.js';

/** What an event leads to at one channel: a delivery, or what quiet hours hold back. */
export interface Due extends Message {
  /** Of the event. */
  seq: number;
  account: string;
  channel: string;
  /** The last of its event. */
  last: boolean;
  /** For those who read what was decided: none where there is no message, or where it is held back. */
  decision?: Decision;
}

export interface Deciding {
  index: MatchIndex;
  quiet: Quiet;
}

/**
 * What a stored event leads to, in the order of the channels' ids, behind the channel `after`; `trace` goes with all of it. Throws when
 * it is no event.
 */
export function dueOf({ index, quiet }: Deciding, message: JsMsg, after: string, trace: string): Due[] {
  const json = message.string();
  const event = JSON.parse(json) as FarmEvent;
  if ([event.id, event.type, event.account].some((one) => typeof one !== 'string')) throw new Error('is not an event');
  // when it was accepted, and not now: whoever decides it again decides the same
  const accepted = new Date(message.info.timestampNanos / 1e6);
  const clearing = index.clears(event);
  const matched = [...index.due(event), ...clearing].filter((channel) => channel.id > after).sort(byId);
  const at = new Date().toISOString();
  return matched.map((channel, i) => {
    const head = headOf(event, channel, accepted.toISOString(), trace);
    const due = (subject: string, more: object = {}): Due => ({
      id: head.id,
      subject,
      body: `${JSON.stringify({ ...head, ...more }).slice(0, -1)},"event":${json}}`,
      seq: message.seq,
      account: event.account,
      channel: channel.id,
      last: i === matched.length - 1,
    });
    const delivery = subjects.delivery(channel.type, channel.lane, channel.id);
    if (clearing.includes(channel)) return due(delivery, { clears: true });
    const window = quiet.holds(channel, event, accepted);
    if (window) return due(subjects.quiet(channel.id), { window, ...(callsOff(event, channel) && { calls_off: true }) });
    return { ...due(delivery), decision: decisionOf(event, channel, head.id, at) };
  });
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

const headOf = (event: FarmEvent, { id: channel, type, lane, version, epoch }: Matchable, accepted: string, trace: string) => ({
  id: deliveryId(event.account, event.id, channel),
  account: event.account,
  channel,
  channel_type: type,
  lane,
  version,
  epoch,
  created_at: accepted,
  attempt: 1,
  trace,
});

const decisionOf = (event: FarmEvent, { id: channel, type }: Matchable, delivery: string, at: string): Decision => ({
  event_id: event.id,
  event_type: event.type,
  channel,
  channel_type: type,
  delivery,
  decision: 'due',
  at,
});

/** The same for the same event and channel, whoever computes it: a receiver can drop a repeat. */
export const deliveryId = (account: string, event: string, channel: string): string =>
  createHash('sha256').update(`${account}/${event}/${channel}`).digest('hex').slice(0, 32);

const callsOff = ({ type }: FarmEvent, channel: Matchable): boolean =>
  clearingEvents.includes(type) && acknowledgedTypes.includes(channel.type);
