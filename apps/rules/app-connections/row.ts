import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import type { AppConnectionView } from '#contracts';
import type { Database } from '#runtime';
import { ChannelRow } from '../rows.js';

/** An app's connection to one printer; of its token only the sha256 is kept. */
@Entity('app_connection')
export class AppConnectionRow {
  @PrimaryColumn('text') id!: string;
  @Column('text') account!: string;
  @Column('text') name!: string;
  @Column('text') printer_id!: string;
  @Column('bytea') hash!: Buffer;
  /** The channel that it owns; people may have deleted that meanwhile. */
  @Column('text', { nullable: true }) channel_id!: string | null;
  /** The id of the channel that is made next: of two first calls at once, and of one that died, there is one channel. */
  @Column('text') next_channel_id!: string;
  /** While a webhook is set. */
  @Column('timestamptz', { nullable: true }) expires_at!: Date | null;
  /** When the account was told that it expires soon. */
  @Column('timestamptz', { nullable: true }) announced_at!: Date | null;
  /** Its channel was disabled because it expired. */
  @Column('boolean', { default: false }) expired!: boolean;
  @CreateDateColumn({ type: 'timestamptz' }) created_at!: Date;

  /** Read with it, where that channel is still there. */
  channel?: ChannelRow | null;
}

export const appConnectionOf = ({
  id,
  name,
  printer_id,
  channel,
  expires_at,
  created_at,
}: AppConnectionRow): AppConnectionView => ({
  id,
  name,
  printer_id,
  channel_id: channel?.id ?? null,
  expires_at: channel ? (expires_at?.toISOString() ?? null) : null,
  created_at: created_at.toISOString(),
});

export const isExpired = ({ channel, expires_at }: AppConnectionRow, now: Date): boolean =>
  Boolean(channel && expires_at && expires_at <= now);

/** Connections, called `made`, each with its channel where that is there. */
export const withChannel = (database: Database) =>
  database
    .getRepository(AppConnectionRow)
    .createQueryBuilder('made')
    .leftJoinAndMapOne('made.channel', ChannelRow, 'channel', 'channel.id = made.channel_id and not channel.deleted');

/** The row, unless its channel was changed since it was read. */
export const asRead = 'id = :id and channel_id is not distinct from :channel_id and next_channel_id = :next_channel_id';

/** Leaves a channel that is no more. The next one has another id: what is left of this one's deliveries is not for it. */
export async function forget(database: Database, row: AppConnectionRow): Promise<void> {
  const nothing = { channel_id: null, next_channel_id: v7(), expires_at: null, announced_at: null, expired: false };
  await database.getRepository(AppConnectionRow).createQueryBuilder().update().set(nothing).where(asRead, row).execute();
}
