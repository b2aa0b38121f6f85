import type { Delivery, Report } from '#contracts';
import { metrics } from '#runtime';
import { observe, suppressed, zero } from './metrics.js';
import { deliveryOf, eventOf } from './samples.js';

const reportOf = (over: Partial<Report>): Report => ({ outcome: 'delivered', reason: null, ...over }) as Report;
const attempt = { n: 1, at: '', latency_ms: 20, status: 200, reason: null, answer: '' };
const ago = (s: number) => new Date(Date.now() - s * 1000).toISOString();

/** What is counted of one metric, by its labels but the type; zeros left out. */
async function counts(name: string, part = ''): Promise<Record<string, number>> {
  const found = (await metrics.getSingleMetric(name)!.get()).values as {
    metricName?: string;
    labels: Record<string, string>;
    value: number;
  }[];
  const shown = found.filter(
    ({ metricName, value, labels }) => (metricName ?? name) === `${name}${part}` && value > 0 && labels.type === 'telegram',
  );
  return Object.fromEntries(shown.map(({ labels: { type: _, ...labels }, value }) => [Object.values(labels).join(' '), value]));
}

beforeEach(() => {
  metrics.resetMetrics();
  zero('telegram');
});

it.each<[string, Partial<Delivery>, boolean, string]>([
  ['at its first attempt', {}, false, 'first'],
  ['at its second attempt', { attempt: 2 }, false, 'retry'],
  ['at its second attempt, behind a limit', { attempt: 2 }, true, 'retry'],
  ['behind a limit', {}, true, 'limit'],
  ['after the provider asked to wait', { attempt: 2, free: 1 }, true, 'limit'],
  ['in a plainer form', { attempt: 2, free: 1 }, false, 'first'],
  ['as a digest', { event: eventOf('channel.digest') }, true, 'quiet'],
])('an arrival %s', async (_, over, limited, cause) => {
  observe(deliveryOf('d1', { created_at: ago(40), ...over }), reportOf({ attempt }), limited);
  expect(await counts('farmbell_event_to_arrival_seconds', '_count')).toEqual({ [cause]: 1 });
  const { [cause]: seconds } = await counts('farmbell_event_to_arrival_seconds', '_sum');
  expect(seconds).toBeGreaterThanOrEqual(40);
  expect(seconds).toBeLessThan(70);
  expect(await counts('farmbell_deliveries_total')).toEqual({ 'delivered none': 1 });
});

it('counts a summary for each that it tells of, from their own acceptance', async () => {
  const fold = (id: string, created_at: string) => ({ id, event_id: id, event_type: 'job.failed', created_at, epoch: 1 });
  const summary = deliveryOf('s1', { folds: [fold('a', ago(90)), fold('b', ago(10))] });
  observe(summary, reportOf({ attempt: { ...attempt, reason: 'server' }, outcome: null, reason: 'server' }));
  expect(await counts('farmbell_deliveries_total')).toEqual({});
  observe({ ...summary, attempt: 2 }, reportOf({ attempt }));
  expect(await counts('farmbell_deliveries_total')).toEqual({ 'delivered none': 3 });
  expect(await counts('farmbell_deliveries_folded_total')).toEqual({ '': 2 });
  expect(await counts('farmbell_event_to_arrival_seconds', '_count')).toEqual({ limit: 2 });
  expect((await counts('farmbell_event_to_arrival_seconds', '_sum')).limit).toBeGreaterThanOrEqual(100);
  expect(await counts('farmbell_attempts_total')).toEqual({ none: 1, server: 1 });
});

it.each<[Partial<Report>, string]>([
  [{ outcome: 'failed', reason: 'auth', attempt: { ...attempt, reason: 'auth' } }, 'failed auth'],
  [{ outcome: 'expired', reason: 'expired' }, 'expired expired'],
  [{ outcome: 'cancelled', reason: 'disabled' }, 'cancelled disabled'],
  [{ outcome: 'suppressed', reason: null }, 'suppressed progress'],
])('an end without an arrival: %j', async (report, counted) => {
  observe(deliveryOf('d1'), reportOf(report));
  expect(await counts('farmbell_deliveries_total')).toEqual({ [counted]: 1 });
  expect(await counts('farmbell_event_to_arrival_seconds', '_count')).toEqual({});
});

it('counts a test as an attempt alone, and what quiet hours held back as that', async () => {
  observe(deliveryOf('t1', { test: { reply: 'x' } }), reportOf({ attempt }));
  expect(await counts('farmbell_attempts_total')).toEqual({ none: 1 });
  expect(await counts('farmbell_attempt_duration_seconds', '_sum')).toEqual({ '': 0.02 });
  expect(await counts('farmbell_deliveries_total')).toEqual({});
  suppressed('telegram', 3);
  expect(await counts('farmbell_deliveries_total')).toEqual({ 'suppressed quiet': 3 });
});
