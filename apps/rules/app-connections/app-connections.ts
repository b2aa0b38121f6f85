import { v7 } from 'uuid';
import type { Bus } from '#bus';
import {
  type AppCaller,
  type AppConnectionCreate,
  type AppConnectionView,
  type AppWebhook,
  appRefusals,
  invalid,
  type MadeAsk,
  type MadeList,
  notFound,
  Problem,
} from '#contracts';
import type { Database } from '#runtime';
import type { Channels } from '../channels.js';
import { madeList } from '../made-list.js';
import { Expiry } from './expiry.js';
import { AppConnectionRow, appConnectionOf, asRead, forget, isExpired, withChannel } from './row.js';

/** How long a webhook lives after its last SetNotificationWebhook: https://docs.octoeverywhere.com/app-connections/apis/notification-webhook/ */
export const webhookDays = 180;
const dayMs = 86_400_000;

/** Connections of apps, each with at most one channel. No step of another replica, and no crash between two, leaves a channel that nobody owns in use. */
export class AppConnections {
  private readonly expiry: Expiry;

  constructor(
    bus: Bus,
    private readonly database: Database,
    private readonly channels: Channels,
  ) {
    this.expiry = new Expiry(bus, database, channels);
  }

  private get rows() {
    return this.database.getRepository(AppConnectionRow);
  }

  async create(account: string, id: string, hash: string, { name, printer_id }: AppConnectionCreate): Promise<AppConnectionView> {
    await this.rows.insert({ id, account, name, printer_id, hash: bytesOf(hash), next_channel_id: v7() });
    return appConnectionOf((await this.find(account, id))!);
  }

  list(asked: MadeAsk): Promise<MadeList<AppConnectionView>> {
    return madeList(withChannel(this.database), asked, appConnectionOf);
  }

  /** Whom a token stands for. It is looked up by its hash: how long that takes tells nothing of any token. */
  async verify(hash: string, now = new Date()): Promise<AppCaller> {
    const row = await withChannel(this.database)
      .where('made.hash = :hash', { hash: bytesOf(hash) })
      .getOne();
    if (!row) throw appRefusals.badToken();
    const { account, id, channel } = row;
    return { account, id, channel_id: channel?.id ?? null, expired: isExpired(row, now) };
  }

  /** Sets the webhook, in the place of an earlier one, and gives it its whole time; an expired connection lives again. */
  async set(account: string, id: string, webhook: AppWebhook, now = new Date()): Promise<void> {
    for (;;) {
      const row = await this.find(account, id);
      if (!row) throw appRefusals.badToken();
      const channel = row.channel_id ?? row.next_channel_id;
      if (!(await there(this.write(row, channel, webhook)))) {
        await forget(this.database, row);
        continue;
      }
      if (await this.keep(row, channel, now)) {
        await there(this.channels.turn(account, channel, true));
        return;
      }
      // the connection was deleted meanwhile, or has another channel by now
      await this.drop(account, channel);
    }
  }

  /** Removes the webhook. */
  async unset(account: string, id: string, now = new Date()): Promise<void> {
    const row = await this.find(account, id);
    if (!row) throw appRefusals.badToken();
    if (!row.channel) throw appRefusals.noWebhook();
    if (isExpired(row, now)) throw appRefusals.expired();
    await this.drop(account, row.channel.id);
    await forget(this.database, row);
  }

  /** Deletes a connection, its channel first: what breaks off in between is deleted by the repeat. */
  async delete(account: string, id: string): Promise<void> {
    for (;;) {
      const row = await this.find(account, id);
      if (!row) throw notFound('app connection', id);
      for (const channel of [row.channel_id, row.next_channel_id]) if (channel) await this.drop(account, channel);
      const { affected } = await this.rows.createQueryBuilder().delete().where(asRead, row).execute();
      if (affected) return;
    }
  }

  /** What time brings; for the active replica, every few seconds. */
  async expireAndAnnounce(now: Date): Promise<void> {
    await this.expiry.disable(now);
    await this.expiry.announce(now);
  }

  private find(account: string, id: string): Promise<AppConnectionRow | null> {
    return withChannel(this.database).where('made.account = :account and made.id = :id', { account, id }).getOne();
  }

  /** Writes what the app sets. What people changed otherwise stays; a new channel is of no effect until it is kept. */
  private async write({ account, name, printer_id, channel_id }: AppConnectionRow, channel: string, { url, events }: AppWebhook) {
    const given = { events, printers: [printer_id], settings: { url, format: 'octoeverywhere' } };
    try {
      if (channel_id === null) {
        // paced as OctoEverywhere's event 6: https://docs.octoeverywhere.com/webhook-notifications/event-types/
        const progress_every = { percent: 10, seconds: 3600 };
        await this.channels.create(account, channel, { ...given, name, type: 'webhook', enabled: false, progress_every });
      }
      await this.channels.patch(account, channel, given);
    } catch (error) {
      throw inItsWords(error);
    }
  }

  private async keep(row: AppConnectionRow, channel: string, now: Date): Promise<boolean> {
    const ends = new Date(now.getTime() + webhookDays * dayMs);
    const { affected } = await this.rows
      .createQueryBuilder()
      .update()
      .set({ channel_id: channel, expires_at: ends, announced_at: null, expired: false })
      .where('id = :id and coalesce(channel_id, next_channel_id) = :channel', { id: row.id, channel })
      .execute();
    return affected === 1;
  }

  private async drop(account: string, channel: string): Promise<void> {
    await there(this.channels.delete(account, channel));
  }
}

/** False when there is no such channel. */
const there = (change: Promise<unknown>): Promise<boolean> =>
  change.then(
    () => true,
    (error) => {
      if (error instanceof Problem && error.status === 404) return false;
      throw error;
    },
  );

const bytesOf = (hash: string) => Buffer.from(hash, 'base64url');

/** A fault of a channel's settings under the name that the app gave it. */
const inItsWords = (error: unknown): unknown =>
  error instanceof Problem && error.status === 422 && error.errors
    ? invalid(error.errors.map(({ path, message }) => ({ path: path === 'settings.url' ? 'WebhookUrl' : path, message })))
    : error;
