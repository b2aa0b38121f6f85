import { ask, type Bus } from '#bus';
import type { QuietHours, QuietHoursView } from '#contracts';
import type { Database } from '#runtime';
import { noOrganization } from '../organizations.js';
import { OrganizationRow } from '../rows.js';
import { QuietHoursRow, quietHoursOf } from './row.js';

/** Whose quiet hours: an account's, or those of one of its organizations. */
interface Whose {
  account: string;
  organization?: string;
}

/** Quiet hours as people set them for accounts and organizations; a channel's own stand in its row. */
export class QuietSettings {
  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
  ) {}

  private get rows() {
    return this.database.getRepository(QuietHoursRow);
  }

  all(): Promise<QuietHoursRow[]> {
    return this.rows.find();
  }

  ofAccount(account: string): Promise<QuietHoursRow[]> {
    return this.rows.findBy({ account });
  }

  /** What holds there: the organization's own, else its account's. */
  async get({ account, organization }: Whose): Promise<QuietHoursView> {
    if (
      organization !== undefined &&
      !(await this.database.getRepository(OrganizationRow).existsBy({ account, id: organization }))
    )
      throw noOrganization(organization);
    const rows = await this.ofAccount(account);
    const of = (one: string) => rows.find((row) => row.organization === one);
    return quietHoursOf((organization !== undefined && of(organization)) || of(''));
  }

  async put({ account, organization }: Whose, settings: QuietHours): Promise<QuietHoursView> {
    // who deletes the organization waits for this, or this finds it gone
    const there =
      organization === undefined
        ? `select $1::text as account, '' as organization, $2::jsonb as settings`
        : 'select account, id, $2::jsonb from organization where account = $1 and id = $3 for key share';
    const done = await this.database.rows(
      `insert into quiet_hours (account, organization, settings) ${there}
       on conflict (account, organization) do update set settings = excluded.settings, updated_at = now()
       returning 1`,
      [account, JSON.stringify(settings), ...(organization === undefined ? [] : [organization])],
    );
    if (done.length === 0) throw noOrganization(organization!);
    await this.known(account);
    return this.get({ account, organization });
  }

  /** What is above holds again. */
  async remove({ account, organization = '' }: Whose): Promise<void> {
    await this.rows.delete({ account, organization });
    await this.known(account);
  }

  /** The folding replica knows of a change before its author hears that it was made; while none folds, it will read it. */
  async known(account: string): Promise<void> {
    await ask(this.bus, 'rules.quiet.refresh', { account }, 1000).catch(() => {});
  }
}
