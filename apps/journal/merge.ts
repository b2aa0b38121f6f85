import type { AttemptRow, DeliveryRow, EventRow, RejectedRow } from './rows.js';

/**
 * Of several messages about one thing, one row. Each rule gives the same whatever the order and however often a message
 * comes; store.ts says the same rules in SQL, against what the table holds.
 */

/** The first body wins: by acceptance, and not by place alone, since a stream that was made anew counts from 1 again. */
export const firstEvent = (a: EventRow, b: EventRow): EventRow =>
  a.accepted_at < b.accepted_at || (a.accepted_at === b.accepted_at && a.seq <= b.seq) ? a : b;

export const mergedDelivery = (a: DeliveryRow, b: DeliveryRow): DeliveryRow => ({
  ...(a.claim >= b.claim ? a : b),
  created_at: compare(a.created_at, b.created_at) <= 0 ? a.created_at : b.created_at,
  replay_of: least(a.replay_of, b.replay_of),
  folded_into: least(a.folded_into, b.folded_into),
  acknowledged_at: least(a.acknowledged_at, b.acknowledged_at),
  acknowledged_by: least(a.acknowledged_by, b.acknowledged_by),
  test: a.test || b.test,
});

/** An attempt repeated after a crash has one number twice: the one that reached its goal stays, else the earlier. */
export const keptAttempt = (a: AttemptRow, b: AttemptRow): AttemptRow => (attemptOrder(a, b) <= 0 ? a : b);

export const firstRejected = (a: RejectedRow, b: RejectedRow): RejectedRow => (a.at <= b.at ? a : b);

/** One row a key, in the order of keys: every writer then locks rows in one order, and none waits for another in a ring. */
export function byKey<R>(rows: readonly R[], key: (row: R) => string, merge: (a: R, b: R) => R): R[] {
  const kept = new Map<string, R>();
  for (const row of rows) {
    const other = kept.get(key(row));
    kept.set(key(row), other === undefined ? row : merge(other, row));
  }
  return [...kept].sort(([a], [b]) => compare(a, b)).map(([, row]) => row);
}

function attemptOrder(a: AttemptRow, b: AttemptRow): number {
  return (
    Number(a.reason !== null) - Number(b.reason !== null) ||
    compare(a.at, b.at) ||
    a.latency_ms - b.latency_ms ||
    (a.status ?? -1) - (b.status ?? -1) ||
    compare(a.reason ?? '', b.reason ?? '') ||
    Buffer.compare(Buffer.from(a.answer), Buffer.from(b.answer))
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const least = (a: string | null, b: string | null) => (a === null ? b : b === null || a < b ? a : b);
