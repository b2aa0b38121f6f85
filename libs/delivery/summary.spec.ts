import { readDelivery } from './read-delivery.js';
import { folded } from './reports.js';
import { deliveryOf, eventOf } from './samples.js';
import { foldable, summaryOf } from './summary.js';

const now = new Date('2026-03-01T13:00:00.000Z');
const many = [
  deliveryOf('d1', { event: eventOf('job.succeeded', { id: 'e1', severity: 'success', title: 'Benchy is done' }) }),
  deliveryOf('d2', { version: 4, epoch: 2, event: eventOf('job.failed', { id: 'e2', severity: 'error', title: 'Vase failed' }) }),
  deliveryOf('d3', {
    replay_of: 'd0',
    event: eventOf('job.succeeded', { id: 'e3', severity: 'success', title: 'Cube is done' }),
  }),
  deliveryOf('d4', { event: eventOf('printer.fire', { id: 'e4', severity: 'critical', title: 'Fire' }) }),
];

describe('a summary', () => {
  const summary = summaryOf(many, now);

  it('says how many and of what, the gravest first and else in their order, and is as grave as they are', () => {
    const { event } = summary;
    expect(event).toMatchObject({ type: 'channel.summary', severity: 'critical', account: 'default', time: now.toISOString() });
    expect(event.data).toEqual({
      count: 4,
      types: { 'printer.fire': 1, 'job.failed': 1, 'job.succeeded': 2 },
      lines: ['Fire', 'Vase failed', 'Benchy is done', 'Cube is done'],
    });
    expect(Object.keys(event.data!.types as object)).toEqual(['printer.fire', 'job.failed', 'job.succeeded']);
    expect(event.title).toContain('4 notifications');
    expect(event.message).toContain('• Fire\n• Vase failed\n• Benchy is done');
  });

  it('goes to the same channel as a delivery of its own, whose time begins now', () => {
    expect(summary).toMatchObject({
      channel: 'c1',
      channel_type: 'telegram',
      account: 'default',
      lane: 3,
      version: 4,
      epoch: 2,
      attempt: 1,
      created_at: now.toISOString(),
    });
    expect(readDelivery(JSON.stringify(summary), 'farmbell.delivery.telegram.3.c1', 'telegram')).toEqual(summary);
    expect(summaryOf(many, now).id).not.toBe(summary.id);
  });

  it('knows each that it stands for, and each is told where it went', () => {
    const reports = folded(summary);
    expect(reports.map((one) => [one.delivery, one.event_id, one.event_type, one.epoch, one.replay_of])).toEqual([
      ['d1', 'e1', 'job.succeeded', 1, undefined],
      ['d2', 'e2', 'job.failed', 2, undefined],
      ['d3', 'e3', 'job.succeeded', 1, 'd0'],
      ['d4', 'e4', 'printer.fire', 1, undefined],
    ]);
    for (const [n, report] of reports.entries())
      expect(report).toMatchObject({
        folded_into: summary.id,
        outcome: null,
        reason: null,
        next_attempt_at: null,
        channel: 'c1',
        created_at: many[n]!.created_at,
      });
    expect(folded(many[0]!)).toEqual([]);
  });

  it('of very many has 50 lines, the gravest, and counts all', () => {
    const flood = Array.from({ length: 3000 }, (_, n) =>
      deliveryOf(`d${n}`, { event: eventOf('job.failed', { title: `Job ${n}`, severity: n === 2999 ? 'critical' : 'error' }) }),
    );
    const { event, folds } = summaryOf(flood, now);
    const lines = event.data!.lines as string[];
    expect([lines.length, lines[0], lines[1], event.data!.count, folds!.length]).toEqual([50, 'Job 2999', 'Job 0', 3000, 3000]);
  });
});

it('a summary is not folded again, and a test and a call-off are never', () => {
  expect(foldable(many[2]!)).toBe(true);
  expect(
    [summaryOf(many, now), deliveryOf('t', { test: { reply: 'x' } }), deliveryOf('x', { clears: true })].map(foldable),
  ).toEqual([false, false, false]);
});
