import { type Bus, type Incoming, sound } from '#bus';
import { type DisableCommand, defaultTexts, type FarmEvent, rowOf, subjects } from '#contracts';
import { countOwn } from '#intake';
import type { Log } from '#runtime';
import type { Channels } from './channels.js';
import type { ChannelRow } from './rows.js';

const longestReason = 300;

/** Obeys the disable commands, each for its epoch alone, and tells the account's other channels. */
export async function obey(bus: Bus, channels: Channels, commands: Incoming<DisableCommand>[], log: Log): Promise<void> {
  for (const { body } of commands) {
    sound(body, ['channel', 'reason', 'at'], ['epoch']);
    const row = await channels.disable(body.channel, body.epoch, body.reason);
    if (!row) continue;
    const others = body.dead ? await channels.disableSharing(row, body.dead, body.reason) : [];
    for (const one of [row, ...others]) {
      log.warn(
        { account: one.account, channel: one.id, channel_type: one.type, reason: body.reason.slice(0, longestReason) },
        'A channel was disabled: its deliveries fail, or its destination is gone.',
      );
      await announce(bus, one, { ...body, epoch: one.epoch - 1 });
    }
  }
}

/** Tells the account's other channels that one was disabled. */
export async function announce(bus: Bus, row: ChannelRow, command: DisableCommand): Promise<void> {
  const type = 'channel.disabled';
  const data = { channel_id: row.id, channel_name: row.name, channel_type: row.type, reason: command.reason };
  const catalogued = rowOf(type)!;
  const event: FarmEvent = {
    id: `${type}:${row.id}:${command.epoch}`,
    type,
    severity: catalogued.severity,
    time: command.at,
    ...defaultTexts(catalogued, { type, data }),
    account: row.account,
    ...(row.organization && { organization: row.organization }),
    data,
  };
  countOwn(await bus.publish(subjects.event(row.account, type), event, { id: `${row.account}/${event.id}` }));
}
