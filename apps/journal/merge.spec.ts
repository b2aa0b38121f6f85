import fc from 'fast-check';
import { outcomes, type Report, reasons } from '#contracts';
import { byKey, keptAttempt, mergedDelivery } from './merge.js';
import { reportRows, routedRows } from './rows.js';
import { at, report, routed } from './samples.js';

const attempt = (n: number, s: number, reason: Report['reason'] = null) => ({
  n,
  at: at(s),
  latency_ms: 12,
  status: reason ? 500 : 204,
  reason,
  answer: '',
});
const waits = (n: number, s: number) =>
  report({ at: at(s), attempt: attempt(n, s, 'server'), reason: 'server', next_attempt_at: at(s + 60) });
const ends = (s: number, outcome: Report['outcome'], reason: Report['reason'] = null) =>
  report({ at: at(s), outcome, reason, attempt: attempt(9, s, reason) });
const unheard = routedRows(routed(1).body)[0]!;
const merged = (...reports: Report[]) =>
  byKey([...reports.map((one) => reportRows(one).delivery), unheard], (row) => row.id, mergedDelivery)[0]!;

describe('what a delivery becomes', () => {
  it('waits with the latest attempt deciding when it is due', () => {
    expect(merged(waits(2, 70), waits(1, 5))).toMatchObject({ outcome: null, reason: 'server', next_attempt_at: at(130) });
  });
  it('never leaves an end for what came late', () => {
    expect(merged(ends(90, 'delivered'), waits(2, 95))).toMatchObject({
      outcome: 'delivered',
      finished_at: at(90),
      next_attempt_at: null,
      reason: null,
    });
  });
  it('is delivered when any report says so, else what it ended as first', () => {
    expect(merged(ends(90, 'failed', 'gone'), ends(95, 'delivered'))).toMatchObject({
      outcome: 'delivered',
      finished_at: at(95),
    });
    expect(merged(ends(95, 'cancelled', 'disabled'), ends(90, 'expired', 'expired'))).toMatchObject({ outcome: 'expired' });
  });
  it('keeps of a repeated attempt the one that reached its goal', () => {
    const rows = [waits(1, 5), report({ attempt: attempt(1, 8), outcome: 'delivered', at: at(8) })].map(
      (one) => reportRows(one).attempt!,
    );
    expect(keptAttempt(rows[0]!, rows[1]!)).toMatchObject({ reason: null, at: at(8) });
    expect(keptAttempt(rows[1]!, rows[0]!)).toMatchObject({ reason: null, at: at(8) });
  });
  it('is the same in any order and with any repetition', () => {
    const reports = fc.record({
      at: fc.integer({ min: 1, max: 5 }),
      n: fc.integer({ min: 1, max: 3 }),
      outcome: fc.option(fc.constantFrom(...outcomes)),
      reason: fc.option(fc.constantFrom(...reasons)),
      next: fc.option(fc.integer({ min: 1, max: 5 })),
      created: fc.integer({ min: 0, max: 2 }),
      replay: fc.option(fc.constantFrom('r1', 'r2'), { nil: undefined }),
      test: fc.constantFrom(true as const, undefined),
    });
    const messages = fc.array(reports, { minLength: 1, maxLength: 6 }).chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray([...list, ...list], { minLength: 0 }).map((again) => [...again, ...list].reverse()),
      ),
    );
    const rows = (list: typeof reports extends fc.Arbitrary<infer R> ? R[] : never) =>
      list.map(({ at: s, n, outcome, reason, next, created, replay, test }) =>
        reportRows(
          report({
            at: at(s),
            attempt: attempt(n, s, reason),
            outcome,
            reason,
            next_attempt_at: next === null ? null : at(next),
            created_at: at(created),
            replay_of: replay,
            test,
          }),
        ),
      );
    fc.assert(
      fc.property(messages, ([once, shuffled]) => {
        const [a, b] = [rows(once), rows(shuffled)];
        const deliveries = (list: typeof a) =>
          byKey(
            list.map((row) => row.delivery),
            (row) => row.id,
            mergedDelivery,
          );
        const attempts = (list: typeof a) =>
          byKey(
            list.map((row) => row.attempt!),
            (row) => `${row.n}`,
            keptAttempt,
          );
        expect(deliveries(b)).toEqual(deliveries(a));
        expect(attempts(b)).toEqual(attempts(a));
      }),
      { numRuns: 300 },
    );
  });
});
