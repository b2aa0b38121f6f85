import type { Attempt, Delivery, Report } from '#contracts';
import { makeLog, newTrace, readConfig, startTracing, stopTracing, traceIdOf, useLog } from '#runtime';
import { type Collector, collector } from '#testing';
import { deliveryOf } from './samples.js';
import { summaryOf } from './summary.js';
import { beginDelivery, endDelivery, logReport } from './telling.js';

const trace = newTrace().replace(/00$/, '01');
const delivery = deliveryOf('d1', { trace });
const attempt: Attempt = {
  n: 2,
  at: '2026-03-01T12:00:00.000Z',
  latency_ms: 7,
  status: 500,
  reason: 'server',
  answer: 'what the receiver said',
};
const report = (over: Partial<Report>): Report => ({
  delivery: delivery.id,
  account: 'default',
  channel: 'c1',
  channel_type: 'telegram',
  event_id: 'e1',
  event_type: 'job.failed',
  epoch: 1,
  created_at: attempt.at,
  at: attempt.at,
  outcome: null,
  reason: null,
  next_attempt_at: null,
  meaning: 'what it was taken to mean',
  ...over,
});

describe('the line for what became known of a delivery', () => {
  const lines: Record<string, unknown>[] = [];
  const told = (level: string, of: Report, on: Delivery = delivery) => {
    useLog(makeLog({ name: 'spec', level, to: { write: (line) => void lines.push(JSON.parse(line)) } }));
    logReport(on, of);
    return lines.splice(0);
  };
  afterAll(() => useLog(makeLog({ name: 'spec', level: 'silent' })));

  it.each<[string, number, RegExp, Partial<Report>]>([
    ['debug', 20, /arrived/, { outcome: 'delivered', attempt: { ...attempt, status: 200, reason: null } }],
    ['debug', 20, /in another form/, { attempt: { ...attempt, reason: null }, next_attempt_at: attempt.at }],
    ['debug', 20, /not sent/, { outcome: 'suppressed' }],
    ['info', 30, /another follows/, { attempt, reason: 'server', next_attempt_at: '2026-03-01T12:05:00.000Z' }],
    ['info', 30, /cancelled/, { outcome: 'cancelled', reason: 'disabled' }],
    ['warn', 40, /failed for good/, { outcome: 'failed', attempt, reason: 'server' }],
    ['warn', 40, /expired/, { outcome: 'expired', reason: 'expired' }],
  ])('is at %s, and at no higher level: %#', (level, number, sentence, over) => {
    const above = { debug: 'info', info: 'warn', warn: 'error' }[level]!;
    const [line, ...more] = told(level, report(over));
    expect([line!.level, line!.msg, more]).toEqual([number, expect.stringMatching(sentence), []]);
    expect(line).toMatchObject({ trace_id: traceIdOf(trace), event: 'e1', delivery: 'd1', channel: 'c1' });
    expect(told(above, report(over))).toEqual([]);
  });

  it('says which attempt it was, how it ended and what follows, and nothing that a receiver said', () => {
    const [line] = told('info', report({ attempt, reason: 'server', next_attempt_at: '2026-03-01T12:05:00.000Z' }));
    expect(line).toMatchObject({
      channel_type: 'telegram',
      attempt: 2,
      status: 500,
      latency_ms: 7,
      outcome: null,
      reason: 'server',
      next_attempt_at: '2026-03-01T12:05:00.000Z',
    });
    expect(JSON.stringify(line)).not.toMatch(/what the receiver said|what it was taken to mean/);
  });
});

describe('steps of traces', () => {
  let taking: Collector;
  beforeEach(async () => {
    taking = await collector();
    const config = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: taking.origin });
    await startTracing('telegram', config, makeLog({ name: 'spec', level: 'silent' }));
  });
  afterEach(async () => {
    await stopTracing();
    await taking.close();
  });

  it('are failed where an attempt or a delivery did, and say why', async () => {
    for (const over of [
      { attempt, reason: 'server' as const },
      { outcome: 'delivered' as const, attempt: { ...attempt, reason: null } },
      { outcome: 'expired' as const, reason: 'expired' as const },
      { outcome: 'suppressed' as const },
    ])
      endDelivery(beginDelivery(delivery), report(over));
    await stopTracing();
    const told = taking.spans().map(({ name, parentId, failed, attributes: of }) => {
      expect([name, parentId]).toEqual(['deliver telegram', trace.slice(36, 52)]);
      return [of['farmbell.delivery.outcome'], failed, of['error.type']];
    });
    expect(told).toEqual([
      ['waiting', true, 'server'],
      ['delivered', false, undefined],
      ['expired', true, 'expired'],
      ['suppressed', false, undefined],
    ]);
  });

  it('of a summary begin a trace, with links to the first of those that it tells of; each of those keeps its own', async () => {
    const many = Array.from({ length: 40 }, (_, n) => deliveryOf(`d${n}`, { trace: newTrace() }));
    const summary = summaryOf(many, new Date());
    await stopTracing();
    const [span, ...more] = taking.spans();
    expect([span!.name, span!.traceId, span!.parentId, more]).toEqual(['fold telegram', traceIdOf(summary.trace), '', []]);
    expect(span!.links).toEqual(many.slice(0, 16).map((one) => traceIdOf(one.trace)));
    expect(summary.folds!.map((one) => one.trace)).toEqual(many.map((one) => one.trace));
  });
});
