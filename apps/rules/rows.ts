import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { ChannelCopy, ChannelType, ChannelView, OrganizationView, PrinterView, QuietHours, Severity } from '#contracts';

/** A channel as rules keeps it: the only place where its truth lies. */
@Entity('channel')
export class ChannelRow {
  @PrimaryColumn('text') id!: string;
  @Column('text') account!: string;
  @Column('text') name!: string;
  @Column('text') type!: ChannelType;
  @Column('text', { nullable: true }) organization!: string | null;
  @Column('boolean') enabled!: boolean;
  /** Raised at every change. */
  @Column('int') version!: number;
  /** Raised when it is enabled or disabled. */
  @Column('int') epoch!: number;
  @Column('int') lane!: number;
  @Column('jsonb') events!: string[];
  @Column('text', { nullable: true }) min_severity!: Severity | null;
  @Column('jsonb') printers!: string[];
  @Column('jsonb') tags!: string[];
  @Column('jsonb') retry!: ChannelCopy['retry'];
  @Column('int') expires_after_s!: number;
  @Column('text') progress!: ChannelCopy['progress'];
  @Column('jsonb', { nullable: true }) progress_every!: ChannelCopy['progress_every'];
  @Column('jsonb') auto_disable!: ChannelCopy['auto_disable'];
  /** Its own; null: those of its organization or account hold. */
  @Column('jsonb', { nullable: true }) quiet_hours!: QuietHours | null;
  /** Fernet token over the settings. */
  @Column('text') sealed!: string;
  /** The settings with secrets masked. */
  @Column('jsonb') shown!: Record<string, unknown>;
  @Column('text', { nullable: true }) disabled_reason!: string | null;
  /** The version that the CHANNELS bucket holds: lower than `version` until the copy is made. */
  @Column('int') copied_version!: number;
  /** Deleted, but the bucket does not know yet. */
  @Column('boolean') deleted!: boolean;
  @CreateDateColumn({ type: 'timestamptz' }) created_at!: Date;
  @UpdateDateColumn({ type: 'timestamptz' }) updated_at!: Date;
}

@Entity('organization')
export class OrganizationRow {
  @PrimaryColumn('text') account!: string;
  @PrimaryColumn('text') id!: string;
  @Column('text') name!: string;
  /** The request that made it, so that its repeat is known. */
  @Column('text', { nullable: true }) made_by!: string | null;
  @CreateDateColumn({ type: 'timestamptz' }) created_at!: Date;
}

@Entity('printer')
export class PrinterRow {
  @PrimaryColumn('text') account!: string;
  @PrimaryColumn('text') id!: string;
  @Column('text', { nullable: true }) name!: string | null;
  @Column('text', { nullable: true }) model!: string | null;
  @Column('jsonb') tags!: string[];
  @Column('text', { nullable: true }) location!: string | null;
  @Column('text', { nullable: true }) organization!: string | null;
  @Column('text', { nullable: true }) made_by!: string | null;
  /** Raised at every change. */
  @Column('int') version!: number;
  /** The version that the PRINTERS bucket holds: lower than `version` until the copy is made. */
  @Column('int') copied_version!: number;
  /** Deleted, but the bucket does not know yet. */
  @Column('boolean') deleted!: boolean;
  @CreateDateColumn({ type: 'timestamptz' }) created_at!: Date;
}

export const organizationOf = ({ id, name }: OrganizationRow): OrganizationView => ({ id, name });
export const printerOf = ({ id, name, model, tags, location, organization }: PrinterRow): PrinterView => ({
  id,
  name,
  model,
  tags,
  location,
  organization,
});

/** What delivery and health may know of a channel. */
export const copyOf = (row: ChannelRow): ChannelCopy => ({
  id: row.id,
  account: row.account,
  name: row.name,
  type: row.type,
  organization: row.organization,
  enabled: row.enabled,
  version: row.version,
  epoch: row.epoch,
  lane: row.lane,
  retry: row.retry,
  expires_after_s: row.expires_after_s,
  progress: row.progress,
  progress_every: row.progress_every,
  auto_disable: row.auto_disable,
  sealed: row.sealed,
});

/** What people may see of a channel. */
export function viewOf(row: ChannelRow): ChannelView {
  const { version, lane, sealed, ...copy } = copyOf(row);
  return {
    ...copy,
    events: row.events,
    min_severity: row.min_severity,
    printers: row.printers,
    tags: row.tags,
    quiet_hours: row.quiet_hours,
    settings: row.shown,
    disabled_reason: row.disabled_reason,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
