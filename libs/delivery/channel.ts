import type { z } from 'zod';
import type { ChannelType, FarmEvent, Reason } from '#contracts';
import type { EgressPolicy, Http, Reply } from './http/index.js';
import type { Limit } from './scopes.js';

/** What a provider may refuse of a message while it takes the rest; `edit`: the message that was to be changed. */
export type Part = 'picture' | 'markup' | 'thread' | 'edit';

/** What a provider's answer means for the delivery. */
export interface Verdict {
  /**
   * `retry`: on the schedule; `again`: at once and changed, which costs no attempt: without the part in `without`, or with the
   * settings in `moved`; `drop`: this message can never succeed; `gone`: the destination is dead, disable the channel.
   */
  outcome: 'delivered' | 'retry' | 'again' | 'drop' | 'gone';
  reason: Reason | null;
  /** For people: what the answer was taken to mean and what to do about it. */
  meaning: string;
  /** What the provider asked to wait, ms. */
  retryAfterMs?: number;
  /** Of `gone`: the setting that is dead, and with it every channel that has the same. */
  dead?: string;
  /** Of `again`. A part that is left out already is not refused for: such a verdict counts as `drop`. */
  without?: Part;
  /** Of `again`: settings that the provider changed, kept for all that follows. */
  moved?: Record<string, unknown>;
}

/** A picture, checked: JPEG, PNG or WebP by its content, at most 2 MiB. */
export interface Picture {
  bytes: Uint8Array;
  content_type: string;
  /** With the right ending, e.g. `snapshot.jpg`. */
  name: string;
  /** What the provider calls it, when it has it already. */
  file?: string;
}

/** What names a message at its provider; kept with the print that it shows. */
export type MessageRef = Record<string, string | number | boolean>;

/** What `send` may know of the delivery that is sent. */
export interface Sending {
  deliveryId: string;
  /** This attempt's time. */
  now: Date;
  http: Pick<Http, 'request'>;
  /** The provider's origin; the operator may have set another. */
  origin: string;
  /** To be attached. */
  picture?: Picture;
  /** Change this message instead of sending a new one. */
  edits?: MessageRef;
  /** The trace that the call is part of, for a receiver that is no chat: https://www.w3.org/TR/trace-context/#traceparent-header */
  traceparent?: string;
}

/** What settings are checked against. */
export interface CheckContext {
  allowHttp: boolean;
  policy: EgressPolicy;
}

/** Where readers get to from a message, and what can be shown of it. */
export interface Links {
  publicUrl: string;
  /** Farmbell's own page of the event. */
  page?: string;
  /** The channel's id. */
  channel?: string;
  /** The name of the picture that goes with the message, as `Sending.picture`. */
  picture?: string;
  /** What this provider refused of this message before: to be left out. */
  without?: ReadonlySet<Part>;
}

/**
 * A channel type: what the user fills in, what the reader will see, one call, and what this provider's answers mean where
 * the common table does not know. Everything else stands once in this library.
 */
export interface Channel<S extends z.ZodObject = z.ZodObject, M = unknown> {
  type: ChannelType;
  /** The provider is built in: its own outages never count against a channel. */
  chat: boolean;
  /** The provider's origin, e.g. https://discord.com; empty where each channel names its own. */
  origin: string;
  /** Secrets are marked with `.meta({ secret: true })`; `where` says where the provider shows the value. */
  settings: S;
  /** What zod cannot say: faults as [path, message]. */
  check?: (settings: z.infer<S>, context: CheckContext) => [path: string, message: string][];
  /** Values made here when missing, or made anew: the secrets that only Farmbell and the receiver know. */
  generate?: (settings: z.infer<S>, rotate: boolean) => Partial<z.infer<S>>;
  /** Asks the provider whether these settings work, without a message that anybody sees: faults as [path, message]. */
  verify?: (settings: z.infer<S>, sending: Pick<Sending, 'http' | 'origin'>) => Promise<[path: string, message: string][]>;
  /** What the provider's limit counts by: decides the lane. Empty: the channel itself. */
  scope: (settings: z.infer<S>) => string;
  /** What is obeyed before each call, the narrowest first. Default: the channel alone, without a limit of its own. */
  limits?: (settings: z.infer<S>) => readonly Limit[];
  /** What a reply says of its limit: all that counts by that key waits so long. Default: a 429's Retry-After, on the narrowest. */
  holds?: (reply: Reply, settings: z.infer<S>) => Hold | undefined;
  /** Connections to the provider at once, where it minds: without a limit unless told. */
  connections?: number;
  retry: { mode: 'once' | 'backoff'; schedule: readonly number[]; expiresAfterS: number };
  /** The mode that these settings preset, where it is not `retry.mode`. */
  retryMode?: (settings: z.infer<S>) => 'once' | 'backoff';
  /** Pictures are given to `send`. */
  takesPictures?: boolean;
  /** What a picture's name at the provider can be used by, e.g. one bot. Needs `fileOf`. */
  fileScope?: (settings: z.infer<S>) => string;
  fileOf?: (reply: Reply) => string | undefined;
  /** Where messages can be changed: what names one, from the reply to it, and how rarely one of that age may be changed. */
  edits?: {
    refOf: (reply: Reply, settings: z.infer<S>) => MessageRef | undefined;
    everyMs: (ageMs: number, settings: z.infer<S>) => number;
  };
  /** The provider may change settings: verdicts with `moved`. */
  moves?: boolean;
  /** Pure: the message, within the provider's limits. */
  render: (event: FarmEvent, settings: z.infer<S>, links: Links) => M;
  send: (message: M, settings: z.infer<S>, sending: Sending) => Promise<Reply>;
  /** `sent.without`: what was left out of the message already. */
  verdict?: (reply: Reply, settings: z.infer<S>, sent?: { without: ReadonlySet<Part> }) => Verdict | undefined;
  /** Messages that a person acknowledges at the provider. */
  receipts?: Receipts<S>;
}

/** All that counts by `key` waits for `ms`. */
export interface Hold {
  key: string;
  ms: number;
}

/** How it stands with a message that was to be acknowledged. */
export interface Receipt {
  /** Nothing changes any more: acknowledged, or given up. */
  ended: boolean;
  /** ISO time. */
  acknowledged_at?: string;
  acknowledged_by?: string;
}

export interface Receipts<S extends z.ZodObject = z.ZodObject> {
  /** The receipt that a reply brings. */
  of: (reply: Reply) => string | undefined;
  /** Not more often. */
  everyMs: number;
  read: (receipt: string, settings: z.infer<S>, sending: Pick<Sending, 'http' | 'origin'>) => Promise<Receipt | undefined>;
  /** Whether this event says that the trouble which was told before is over, on the same printer. */
  clears: (event: FarmEvent) => boolean;
  cancel: (receipt: string, settings: z.infer<S>, sending: Pick<Sending, 'http' | 'origin'>) => Promise<void>;
}

export const channel = <S extends z.ZodObject, M>(definition: Channel<S, M>): Channel<S, M> => definition;
