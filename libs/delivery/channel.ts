import type { z } from 'zod';
import type { ChannelType, FarmEvent, Reason } from '#contracts';
import type { EgressPolicy, Http, Reply } from './http/index.js';

/** What a provider's answer means for the delivery. */
export interface Verdict {
  /** `retry`: on the schedule; `drop`: this message can never succeed; `gone`: the destination is dead, disable the channel. */
  outcome: 'delivered' | 'retry' | 'drop' | 'gone';
  reason: Reason | null;
  /** For people: what the answer was taken to mean and what to do about it. */
  meaning: string;
  /** What the provider asked to wait, ms. */
  retryAfterMs?: number;
}

/** What `send` and `verdict` may know of the delivery that is sent. */
export interface Sending {
  deliveryId: string;
  /** This attempt's time. */
  now: Date;
  http: Http;
  /** The provider's origin; the operator may have set another. */
  origin: string;
}

/** What settings are checked against. */
export interface CheckContext {
  allowHttp: boolean;
  policy: EgressPolicy;
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
  /** What the provider's limit counts by: decides the lane. Empty: the channel itself. */
  scope: (settings: z.infer<S>) => string;
  retry: { mode: 'once' | 'backoff'; schedule: readonly number[]; expiresAfterS: number };
  /** Pure: the message, within the provider's limits. */
  render: (event: FarmEvent, settings: z.infer<S>, links: Links) => M;
  send: (message: M, settings: z.infer<S>, sending: Sending) => Promise<Reply>;
  verdict?: (reply: Reply, settings: z.infer<S>) => Verdict | undefined;
}

/** Where readers get to from a message. */
export interface Links {
  publicUrl: string;
}

export const channel = <S extends z.ZodObject, M>(definition: Channel<S, M>): Channel<S, M> => definition;
