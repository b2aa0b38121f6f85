import type { FarmEvent } from './envelope.js';
import type { ChannelType, Outcome, Reason } from './outcome.js';

/** One event for one channel, as it lies in the work queue and in the waiting table. */
export interface Delivery {
  id: string;
  account: string;
  channel: string;
  channel_type: ChannelType;
  lane: number;
  /** The channel's version that the event was matched with: an older copy must be read anew. */
  version: number;
  /** Raised when the channel is enabled or disabled: a delivery of an older epoch is cancelled. */
  epoch: number;
  /** ISO time; expires_after_s counts from here. */
  created_at: string;
  /** The attempt to make now: 1 for the first. */
  attempt: number;
  first_attempt_at?: string;
  /** Attempts that did not count: the provider asked to wait, or took the message in a plainer form only. */
  free?: number;
  /** What the provider refused of it: left out. */
  without?: string[];
  /** Of a summary: the deliveries that it stands for. */
  folds?: Folded[];
  /** No message: the channel does not select this event, which calls off its alarms of the same printer. */
  clears?: true;
  /** A test: one attempt at once, whatever the channel's state; counts nowhere; its report goes to this subject as well. */
  test?: { reply: string };
  replay_of?: string;
  /** The trace that it is part of, as a `traceparent` of 55 characters: the same for all its attempts. */
  trace?: string;
  event: FarmEvent;
}

/** A delivery that a summary stands for. */
export interface Folded {
  id: string;
  event_id: string;
  event_type: string;
  created_at: string;
  epoch: number;
  replay_of?: string;
  trace?: string;
}

/** One call to the provider. */
export interface Attempt {
  n: number;
  at: string;
  latency_ms: number;
  /** The provider's HTTP status; null without an answer. */
  status: number | null;
  reason: Reason | null;
  /** The answer's beginning, secrets redacted. */
  answer: string;
}

/** What became known of a delivery: an attempt, an end, or both. Journal and health read nothing else. */
export interface Report {
  delivery: string;
  account: string;
  organization?: string;
  channel: string;
  channel_type: ChannelType;
  event_id: string;
  event_type: string;
  epoch: number;
  created_at: string;
  at: string;
  first_attempt_at?: string;
  attempt?: Attempt;
  /** Null while it waits for its next attempt. */
  outcome: Outcome | null;
  reason: Reason | null;
  next_attempt_at: string | null;
  /** What the answer was taken to mean and what to do about it. */
  meaning: string;
  /** The answer proves the destination gone: the channel is to be disabled at once. */
  gone?: true;
  /** The setting that proved dead, e.g. a token: every channel that has the same is to be disabled with it. */
  dead?: string;
  /** A built-in chat provider's own outage: never counts against the channel. */
  outage?: true;
  test?: true;
  replay_of?: string;
  /** The summary's delivery that stands for this one: its outcome is this one's. */
  folded_into?: string;
  acknowledged?: Acknowledged;
}

export interface Acknowledged {
  /** ISO time. */
  at: string;
  /** A name or device, as the provider tells it. */
  by: string | null;
}

/** What rules decided for one event and one channel whose selection it met. */
export interface Decision {
  event_id: string;
  event_type: string;
  channel: string;
  channel_type: ChannelType;
  delivery: string;
  decision: 'due';
  at: string;
}

/** ROUTED's message: the decisions of one round for one account. */
export interface Routed {
  account: string;
  decisions: Decision[];
}

/** The one arrow back: health (or the gateway, for a person) tells rules to disable a channel. */
export interface DisableCommand {
  channel: string;
  account: string;
  /** Obeyed only while the channel is in this epoch. */
  epoch: number;
  reason: string;
  /** Every channel with the same value of this setting is disabled as well. */
  dead?: string;
  at: string;
}

/** What could not be taken in, and why. `subject` is where it came from. */
export interface Rejection {
  id: string;
  at: string;
  service: string;
  subject: string;
  account: string | null;
  errors: { path: string; message: string }[];
  /** The body's beginning. */
  body: string;
}
