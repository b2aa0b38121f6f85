import { now } from '../clock.js';
import { type Events, printerOf, printers } from '../event.js';
import { pace, rush } from '../load.js';
import { grpcSender } from '../senders/grpc.js';
import { natsSender } from '../senders/nats.js';
import { restSender } from '../senders/rest.js';
import { serve } from './role.js';

/** A way in, and where it leads. */
export type Way =
  | { kind: 'grpc'; address: string; token: string }
  /** Plain JetStream publishes; `subject` without one: Farmbell's INGEST. */
  | { kind: 'nats'; url: string; subject?: string; inFlight?: number }
  /** `lanes`: requests under way; `array`: events a request. */
  | { kind: 'rest'; origin: string; token: string; array: number; lanes: number };

export interface Load extends Events {
  first: number;
  events: number;
  /** Evenly so many a second; without it, as fast as they are taken. */
  perSecond?: number;
}

export interface Published {
  startedAt: number;
  /** When the last one was accepted. */
  endedAt: number;
  /** When each was sent, counted from the first. */
  sentAt: Float64Array;
}

export interface Sender {
  /** Resolves when every one of these events was accepted, none as a repeat; throws otherwise. Sends in the order of the calls. */
  send(numbers: readonly number[]): Promise<void>;
  /** Requests that may be under way, each with so many events; with more than one lane, an event's printer decides its lane. */
  lanes: number;
  depth: number;
  array: number;
  close(): Promise<void>;
}

const open = (way: Way, events: Events): Promise<Sender> => {
  if (way.kind === 'grpc') return grpcSender(way, events);
  return way.kind === 'nats' ? natsSender(way, events) : restSender(way, events);
};

const methods = {
  /** Publishes a load, each event exactly once; throws when one is refused. */
  async publish({ way, load }: { way: Way; load: Load }): Promise<Published> {
    const sender = await open(way, load);
    try {
      const sentAt = new Float64Array(load.events);
      const numbers = Array.from({ length: load.events }, (_, i) => load.first + i);
      const sent = (n: number) => {
        sentAt[n - load.first] = now();
      };
      const startedAt = now();
      // as many lanes as printers, or fewer: each printer's events stay in one, and so in order
      const laneOf = (n: number) => (sender.lanes <= printers ? printerOf(n, load.accounts) : n);
      if (load.perSecond === undefined) await rush(sender, numbers, laneOf, sent);
      else await pace(sender, numbers, load.perSecond, sent);
      return { startedAt, endedAt: now(), sentAt };
    } finally {
      await sender.close();
    }
  },
};

export type PublisherMethods = typeof methods;
serve(methods);
