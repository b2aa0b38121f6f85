import type { Bus } from '#bus';
import { defaultTexts, type FarmEvent, rowOf, subjects } from '#contracts';
import type { Database } from '#runtime';
import type { Channels } from '../channels.js';
import { announce } from '../commands.js';
import { type ChannelRow, PrinterRow } from '../rows.js';
import { AppConnectionRow, forget, withChannel } from './row.js';

/** How long before its end an app connection is announced. */
const noticeMs = 7 * 86_400_000;
/** At most so many at a time: the next pass goes on. */
const most = 100;

/** A connection whose channel is there, and has an end. */
type Live = AppConnectionRow & { channel: ChannelRow; expires_at: Date };

/** What becomes of connections that are not set again in time. Each step may be done twice: the last marks it as done. */
export class Expiry {
  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly channels: Channels,
  ) {}

  /** Disables the channels of those that have expired, also one that was enabled since, and tells the account's others. */
  async disable(now: Date): Promise<void> {
    for (const row of await this.due('made.expires_at <= :now and (not made.expired or channel.enabled)', { now })) {
      const { account, channel, expires_at } = row;
      const reason = reasonOf(expires_at);
      const disabled = channel.enabled
        ? await this.channels.disable(channel.id, channel.epoch, reason)
        : channel.disabled_reason === reason && channel;
      // undefined: it was changed meanwhile, and is looked at again in the next pass
      if (disabled === undefined) continue;
      if (disabled)
        await announce(this.bus, disabled, {
          channel: channel.id,
          account,
          epoch: disabled.epoch - 1,
          reason,
          at: now.toISOString(),
        });
      // set again meanwhile
      if (!(await this.mark(row, { expired: true }))) await this.channels.turn(account, channel.id, true);
    }
  }

  /** Tells the account of those that will expire within a week, once for each end. */
  async announce(now: Date): Promise<void> {
    const soon = new Date(now.getTime() + noticeMs);
    const rows = await this.due('made.announced_at is null and made.expires_at > :now and made.expires_at <= :soon', {
      now,
      soon,
    });
    for (const row of rows) {
      const event = await this.notice(row, now);
      await this.bus.publish(subjects.event(row.account, event.type), event, { id: `${row.account}/${event.id}` });
      await this.mark(row, { announced_at: now });
    }
  }

  private async due(which: string, times: Record<string, Date>): Promise<Live[]> {
    const rows = await withChannel(this.database).where(which, times).orderBy('made.expires_at').limit(most).getMany();
    const live: Live[] = [];
    for (const row of rows) {
      // people deleted its channel: there is nothing left that could end
      if (!row.channel) await forget(this.database, row);
      else live.push(row as Live);
    }
    return live;
  }

  /** False when the app has set its webhook again since the row was read. */
  private async mark({ id, expires_at }: Live, done: { expired: true } | { announced_at: Date }): Promise<boolean> {
    return (await this.database.getRepository(AppConnectionRow).update({ id, expires_at }, done)).affected === 1;
  }

  private async notice({ id, account, name, printer_id, channel, expires_at }: Live, now: Date): Promise<FarmEvent> {
    const type = 'channel.app_connection_expiring';
    const catalogued = rowOf(type)!;
    const registered = await this.database.getRepository(PrinterRow).findOneBy({ account, id: printer_id, deleted: false });
    const printer = { id: printer_id, ...(registered?.name && { name: registered.name }) };
    const data = {
      channel_id: channel.id,
      channel_name: channel.name,
      channel_type: channel.type,
      app_connection_id: id,
      app_connection_name: name,
      expires_at: expires_at.toISOString(),
    };
    return {
      // the type's own name is too long for an event's id
      id: `app_expiring:${id}:${Math.floor(expires_at.getTime() / 1000)}`,
      type,
      severity: catalogued.severity,
      time: now.toISOString(),
      ...defaultTexts(catalogued, { type, printer, data }),
      account,
      ...(channel.organization && { organization: channel.organization }),
      printer,
      data,
    };
  }
}

const reasonOf = (end: Date) =>
  `its app connection expired at ${end.toISOString()}, 180 days after the app last called SetNotificationWebhook: the app enables it by calling that again`;
