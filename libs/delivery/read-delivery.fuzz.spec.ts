import fc from 'fast-check';
import type { Delivery } from '#contracts';
import { fuzz, hostileJson, withFaults } from '#fuzzing';
import { readDelivery } from './read-delivery.js';

it('a message in a lane is a whole delivery, or none', () => {
  const channel = '0196-a';
  const good: Delivery = {
    id: 'd1',
    account: 'default',
    channel,
    channel_type: 'webhook',
    lane: 3,
    version: 1,
    epoch: 1,
    created_at: '2026-03-01T12:00:00Z',
    attempt: 1,
    trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    event: {
      id: 'e',
      type: 'job.failed',
      severity: 'error',
      time: '2026-03-01T12:00:00Z',
      title: 't',
      message: 'm',
      account: 'default',
    },
  };
  const subject = `farmbell.delivery.webhook.3.${channel}`;
  expect(readDelivery(JSON.stringify(good), subject, 'webhook')).toEqual(good);
  fc.assert(
    fc.property(fc.oneof(withFaults(fc.constant(good)), hostileJson), (any) => {
      const read = readDelivery(JSON.stringify(any), subject, 'webhook');
      if (read === undefined) return;
      expect([read.channel, read.lane, read.channel_type]).toEqual([channel, 3, 'webhook']);
      expect([read.id, read.event.id, read.event.type].every((one) => typeof one === 'string')).toBe(true);
      expect([undefined, good.trace]).toContain(read.trace);
      for (const one of [read.version, read.epoch, read.attempt]) expect(Number.isInteger(one)).toBe(true);
    }),
    fuzz(1000),
  );
});
