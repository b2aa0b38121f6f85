import { type ChannelCopy, type DisableCommand, defaultTexts, type FarmEvent, rowOf } from '#contracts';
import { failuresText, type Limits } from './verdict.js';

/** What is known of a channel about which something is to be said. */
export interface Case {
  channel: string;
  account: string;
  epoch: number;
  failures: number;
  limits: Limits;
  /** The last failure in short. */
  cause: string | null;
  /** What proved the destination gone, if anything did. */
  gone?: string;
  /** The setting that is dead, and with it other channels. */
  dead?: string;
  copy?: ChannelCopy;
}

export const disableCommand = (found: Case, now: number): DisableCommand => ({
  channel: found.channel,
  account: found.account,
  epoch: found.epoch,
  reason:
    found.gone === undefined ? failuresText(found.failures, found.limits, found.cause) : `the destination is gone: ${found.gone}`,
  ...(found.dead && { dead: found.dead }),
  at: new Date(now).toISOString(),
});

const type = 'channel.failing';

/** One id a channel and epoch: published twice, it is one event. */
export function failingEvent(found: Case, now: number): FarmEvent {
  const { channel, account, epoch, failures, limits, cause, copy } = found;
  const row = rowOf(type)!;
  const reason = `${failuresText(failures, limits, cause)}; at ${limits.failures} it is disabled`;
  const data = { channel_id: channel, channel_name: copy?.name ?? channel, failures, reason };
  return {
    id: `${type}:${channel}:${epoch}`,
    type,
    severity: row.severity,
    time: new Date(now).toISOString(),
    ...defaultTexts(row, { type, data }),
    account,
    ...(copy?.organization && { organization: copy.organization }),
    data,
  };
}
