import { Bus } from '#bus';
import { until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const refused: [what: string, subject: string, body: unknown, path: string, message: string][] = [
  ['not JSON', 'default.job.started', 'bell', '', 'is not JSON'],
  ['an unknown type', 'default.job.exploded', {}, 'type', 'not in the catalogue'],
  ['a mismatch', 'default.job.started', { type: 'job.failed' }, 'type', "the subject says 'job.started'"],
  ['a wrong type', 'default.job.started', { job: { progress: '40' } }, 'job.progress', 'number'],
  ['an unknown key', 'default.job.started', { printer: { ip: '10.0.0.7' } }, 'printer.ip', 'not a known key'],
  ['65 KiB', 'default.job.started', { data: { a: 'x'.repeat(65 * 1024) } }, 'data', '32 KiB'],
  ['an id of 65 characters', 'default.job.started', { id: 'x'.repeat(65) }, 'id', '64'],
  ['the year 9999', 'default.job.started', { time: '9999-01-01T00:00:00Z' }, 'time', '24 hours'],
  ['an unknown account', 'nobody.job.started', {}, 'account', "'nobody' does not exist"],
  ["Farmbell's own type", 'default.channel.test', {}, 'type', 'from Farmbell alone'],
];

it('shows through the API what came over NATS and was refused, with the reason, and stores none of it', async () => {
  const farm = await testFarm(modules);
  const bus = await Bus.connect({ url: farm.nats.url, name: 'publisher' });
  for (const [, subject, body] of refused) await bus.publish(`farmbell.ingest.${subject}`, body);
  await bus.publish('farmbell.ingest.default.job.started', { id: 'good', data: { note: 'fine' } });
  await bus.publish('farmbell.ingest.default.job.started', { id: 'x y', data: { access_code: '12345678', note: 'seen' } });
  const shown = await until('every refusal', 15_000, async () => {
    const { data } = (await farm.call('GET', '/v1/rejected?limit=100')).body;
    return data.length === refused.length + 1 && data;
  });
  for (const [what, subject, , path, message] of refused) {
    const found = shown.filter((one: { subject: string }) => one.subject === `farmbell.ingest.${subject}`);
    const faults = found.flatMap((one: { errors: { path: string; message: string }[] }) => one.errors);
    expect([what, faults]).toEqual([what, expect.arrayContaining([{ path, message: expect.stringContaining(message) }])]);
  }
  expect(JSON.stringify(shown)).not.toContain('12345678');
  expect(JSON.stringify(shown)).toContain('seen');
  const events = await until('the good one', 10_000, async () => (await farm.call('GET', '/v1/events')).body.data);
  expect(events.map((event: { id: string }) => event.id)).toEqual(['good']);
  await bus.close();
  await farm.stop();
}, 60_000);
