import { v7 } from 'uuid';
import type { Bus } from '#bus';
import { type Delivery, defaultTexts, type FarmEvent, rowOf, subjects } from '#contracts';
import type { ChannelRow } from './rows.js';

/** Puts `channel.test` into the channel's own lane: the real path, whatever its selection or state. The delivery's id. */
export async function sendTest(bus: Bus, row: ChannelRow, reply: string): Promise<string> {
  const type = 'channel.test';
  const catalogued = rowOf(type)!;
  const now = new Date().toISOString();
  const data = { channel_id: row.id, channel_name: row.name };
  const event: FarmEvent = {
    id: v7(),
    type,
    severity: catalogued.severity,
    time: now,
    ...defaultTexts(catalogued, { type, data }),
    account: row.account,
    data,
  };
  const delivery: Delivery = {
    id: v7().replaceAll('-', ''),
    account: row.account,
    channel: row.id,
    channel_type: row.type,
    lane: row.lane,
    version: row.version,
    epoch: row.epoch,
    created_at: now,
    attempt: 1,
    test: { reply },
    event,
  };
  await bus.publish(subjects.delivery(row.type, row.lane, row.id), delivery, { id: delivery.id });
  return delivery.id;
}
