import type { FaultKind } from './plan.js';

/** What was seen from outside, and what Farmbell says: the judge reads nothing else. Times are milliseconds since 1970. */

export const ways = ['rest', 'grpc', 'nats'] as const;
export type Way = (typeof ways)[number];

/** An event for which a publisher got its answer. */
export interface Accepted {
  id: string;
  type: string;
  severity: string;
  printer: string;
  tags: string[];
  /** Its place among its printer's events: the next one is published when this one is accepted. */
  n: number;
  way: Way;
  /** When it was first sent. */
  triedAt: number;
  acceptedAt: number;
  tries: number;
}

/** A request that reached a receiver. */
export interface Arrival {
  channel: string;
  event: string;
  /** The webhook-id; empty at a provider that has none. */
  delivery: string;
  at: number;
  /** Whether the receiver took it: answered with success, to the end. */
  took: boolean;
}

/** A delivery as the API shows it. */
export interface Shown {
  delivery: string;
  channel: string;
  event: string;
  outcome: string | null;
  next_attempt_at: string | null;
  /** How many attempts it lists. */
  attempts: number;
  /** A summary stands for it. */
  folded: boolean;
}

/** A report in the ATTEMPTS stream: when the attempt (its number, or `end`) was on record. */
export interface Reported {
  delivery: string;
  attempt: number | 'end';
  at: number;
}

/** A fault that happened: from its beginning until what was broken is whole again. */
export interface Fault {
  kind: FaultKind;
  victim: string;
  from: number;
  to: number;
}

export interface Records {
  accepted: Accepted[];
  arrivals: Arrival[];
  shown: Shown[];
  reported: Reported[];
  /** Deliveries with a row in the waiting table. */
  waitingRows: Set<string>;
  faults: Fault[];
}
