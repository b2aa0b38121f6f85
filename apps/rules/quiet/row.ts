import { Column, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { type QuietHours, type QuietHoursView, quietHoursSchema } from '#contracts';

/** Quiet hours that somebody set for an account, or for one of its organizations. */
@Entity('quiet_hours')
export class QuietHoursRow {
  @PrimaryColumn('text') account!: string;
  /** Empty: the account's own. */
  @PrimaryColumn('text') organization!: string;
  @Column('jsonb') settings!: QuietHours;
  @UpdateDateColumn({ type: 'timestamptz' }) updated_at!: Date;
}

/** As the API shows what a row says; without one, that there are none. */
export function quietHoursOf(row: Pick<QuietHoursRow, 'organization' | 'settings'> | undefined): QuietHoursView {
  const { enabled, start, end, timezone, days, digest, allow_severity } =
    row?.settings ?? quietHoursSchema.parse({ enabled: false });
  return {
    enabled,
    start: start ?? null,
    end: end ?? null,
    timezone: timezone ?? null,
    days,
    digest,
    allow_severity,
    set_by: row ? (row.organization === '' ? 'account' : 'organization') : null,
  };
}
