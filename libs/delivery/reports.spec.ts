import { newTrace } from '#runtime';
import type { Made } from './attempt.js';
import type { Verdict } from './channel.js';
import { attempted, ended, subjectOf, tellFolded } from './reports.js';
import { deliveryOf, eventOf, replyOf, typeOf } from './samples.js';
import { summaryOf } from './summary.js';
import { surelyUntil } from './surely.js';

const delivery = deliveryOf('d1', { attempt: 2, first_attempt_at: '2026-03-01T11:00:00.000Z', replay_of: 'd0' });
const head = {
  delivery: 'd1',
  account: 'default',
  channel: 'c1',
  channel_type: 'telegram',
  event_id: 'e1',
  event_type: 'job.failed',
  epoch: 1,
};
const made = (verdict: Partial<Verdict>): Made => ({
  attempt: { n: 2, at: '2026-03-01T12:00:00.000Z', latency_ms: 7, status: 500, reason: 'server', answer: 'no' },
  verdict: { outcome: 'retry', reason: 'server', meaning: 'It has trouble.', ...verdict },
  reply: replyOf(500),
});
const chat = { channel: typeOf(), organization: 'School 1' };

describe('the report of an attempt', () => {
  it('says how it goes on: when the next one is, or how it ended', () => {
    const at = new Date('2026-03-01T12:05:00.000Z');
    expect(attempted(delivery, made({}), { at, free: false }, chat)).toMatchObject({
      ...head,
      organization: 'School 1',
      at: '2026-03-01T12:00:00.000Z',
      first_attempt_at: '2026-03-01T11:00:00.000Z',
      attempt: { n: 2, status: 500 },
      outcome: null,
      reason: 'server',
      next_attempt_at: '2026-03-01T12:05:00.000Z',
      meaning: 'It has trouble.',
      replay_of: 'd0',
    });
    expect(attempted(delivery, made({}), { outcome: 'failed' }, chat)).toMatchObject({
      outcome: 'failed',
      reason: 'server',
      next_attempt_at: null,
    });
    expect(attempted(delivery, made({}), { outcome: 'expired' }, chat)).toMatchObject({ outcome: 'expired', reason: 'expired' });
    const first = attempted({ ...delivery, first_attempt_at: undefined }, made({}), { outcome: 'failed' }, chat);
    expect(first.first_attempt_at).toBe('2026-03-01T12:00:00.000Z');
  });

  it("says what is the provider's own outage, where the provider is built in", () => {
    const webhook = { ...chat, channel: typeOf({ chat: false }) };
    const outage = (reason: Verdict['reason'], of = chat) =>
      attempted(delivery, made({ reason }), { outcome: 'failed' }, of).outage;
    expect([outage('server'), outage('dns'), outage('auth'), outage('server', webhook)]).toEqual([
      true,
      true,
      undefined,
      undefined,
    ]);
  });

  it('says that the destination is gone, but a test proves nothing', () => {
    const gone = (test?: { reply: string }) =>
      attempted({ ...delivery, ...(test && { test }) }, made({ outcome: 'gone', reason: 'gone' }), { outcome: 'failed' }, chat);
    expect([gone().gone, gone({ reply: 'x' }).gone, gone({ reply: 'x' }).test]).toEqual([true, undefined, true]);
  });
});

it('an end without an attempt has its reason', () => {
  const reason = (outcome: Parameters<typeof ended>[1]) => ended(delivery, outcome, 'So it is.').reason;
  expect([reason('cancelled'), reason('expired'), reason('failed'), reason('suppressed')]).toEqual([
    'disabled',
    'expired',
    'rate_limited',
    null,
  ]);
  const report = ended(delivery, 'cancelled', 'So it is.');
  expect(report).toMatchObject({ ...head, outcome: 'cancelled', meaning: 'So it is.', next_attempt_at: null });
  expect([subjectOf(report), 'attempt' in report]).toEqual(['farmbell.attempt.telegram.c1', false]);
});

describe('what a summary stands for', () => {
  const trace = newTrace();
  const traced = deliveryOf('a', { event: eventOf('job.failed', { id: 'e1' }), trace });
  const summary = summaryOf([traced, deliveryOf('b', { trace: 'none\r\n' })], new Date());
  const surely = surelyUntil(new AbortController().signal, () => {});

  it('is told of, each once whoever tells it and in its own trace, until it is', async () => {
    const told: unknown[] = [];
    let fails = 1;
    const bus = {
      publish: async (subject: string, body: unknown, options?: { id?: string; trace?: string }) => {
        if (fails-- > 0) throw new Error('away');
        told.push([options?.id, subject, (body as { folded_into: string }).folded_into, options?.trace]);
        return {} as never;
      },
    };
    await tellFolded(summary, { bus, surely });
    expect(told.sort()).toEqual([
      ['a:folded', 'farmbell.attempt.telegram.c1', summary.id, trace],
      ['b:folded', 'farmbell.attempt.telegram.c1', summary.id, undefined],
    ]);
    await tellFolded({ ...summary, attempt: 2 }, { bus, surely });
    await tellFolded(deliveryOf('c'), { bus, surely });
    expect(told).toHaveLength(2);
  });
});
