import { metrics } from '#runtime';
import { counted, countOwn, type Row, zeroEvents } from './index.js';

const counts = async () => {
  const { values } = await metrics.getSingleMetric('farmbell_events_total')!.get();
  return Object.fromEntries(
    values.filter(({ value }) => value > 0).map(({ labels, value }) => [`${labels.way} ${labels.result}`, value]),
  );
};
beforeEach(() => metrics.resetMetrics());

it('counts what became of each row', async () => {
  const rows: Row[] = [{ id: 'a', duplicate: false }, { id: 'a', duplicate: true }, { errors: [] }, { errors: [] }];
  expect(await counted('rest', 4, Promise.resolve(rows))).toBe(rows);
  countOwn({ duplicate: false });
  countOwn({ duplicate: true });
  expect(await counts()).toEqual({
    'rest accepted': 1,
    'rest duplicate': 1,
    'rest rejected': 2,
    'own accepted': 1,
    'own duplicate': 1,
  });
});

it('counts all as failed when they could not be stored, and hands the error on', async () => {
  await expect(counted('grpc', 3, Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await counts()).toEqual({ 'grpc failed': 3 });
});

it('begins at zero for the ways that a service has', async () => {
  zeroEvents('nats', 'grpc');
  const { values } = await metrics.getSingleMetric('farmbell_events_total')!.get();
  expect(values).toHaveLength(10);
});
