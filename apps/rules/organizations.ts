import { type EntityManager, QueryFailedError } from 'typeorm';
import {
  type MadeAsk,
  type MadeList,
  type OrganizationCreate,
  type OrganizationPatch,
  type OrganizationView,
  Problem,
  quoted,
} from '#contracts';
import type { Database } from '#runtime';
import { madeList } from './made-list.js';
import { QuietHoursRow } from './quiet/row.js';
import { OrganizationRow, organizationOf } from './rows.js';

/** Parts of an account: printers and channels may belong to one. */
export class Organizations {
  /** `quietChanged` is told after a commit that quiet hours of an account are no more. */
  constructor(
    private readonly database: Database,
    private readonly quietChanged: (account: string) => Promise<unknown> = async () => {},
  ) {}

  private get rows() {
    return this.database.getRepository(OrganizationRow);
  }

  list(asked: MadeAsk): Promise<MadeList<OrganizationView>> {
    return madeList(this.rows.createQueryBuilder('made'), asked, organizationOf);
  }

  async get(account: string, id: string): Promise<OrganizationView> {
    const row = await this.rows.findOneBy({ account, id });
    if (!row) throw noOrganization(id);
    return organizationOf(row);
  }

  async create(account: string, request: string, { id, name = id }: OrganizationCreate): Promise<OrganizationView> {
    const insert = this.rows.createQueryBuilder().insert().values({ account, id, name, made_by: request });
    const made = await insert.orIgnore().returning('id').execute();
    const row = await this.rows.findOneBy({ account, id });
    if (row && (made.raw.length > 0 || row.made_by === request)) return organizationOf(row);
    const path = `/v1/organizations/${encodeURIComponent(id)}`;
    throw new Problem(
      409,
      'Conflict',
      `Organization ${quoted(id)} exists already: choose another id, or rename it with PATCH ${path}`,
    );
  }

  async patch(account: string, id: string, { name }: OrganizationPatch): Promise<OrganizationView> {
    if (name !== undefined) await this.rows.update({ account, id }, { name });
    return this.get(account, id);
  }

  /** Deletes one that nothing belongs to any more. */
  async delete(account: string, id: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      // who makes something of this organization now waits, and then finds it gone
      const row = await manager.findOne(OrganizationRow, { where: { account, id }, lock: { mode: 'pessimistic_write' } });
      if (!row) throw noOrganization(id);
      const held = (await Promise.all([members(manager, 'printer', row), members(manager, 'channel', row)])).filter(Boolean);
      if (held.length > 0) throw stillHas(id, held);
      await manager.query('update channel set organization = null where account = $1 and organization = $2 and deleted', [
        account,
        id,
      ]);
      await manager.delete(QuietHoursRow, { account, organization: id });
      await manager.delete(OrganizationRow, { account, id });
    });
    // else one that is made with the same id would have them
    await this.quietChanged(account);
  }
}

const shown = 5;

/** How many there are of an organization, and the first of them; empty when there is none. */
async function members(manager: EntityManager, table: 'printer' | 'channel', { account, id }: OrganizationRow): Promise<string> {
  const rows: { id: string; name: string | null; total: number }[] = await manager.query(
    `select id, name, count(*) over ()::int as total from ${table}
     where account = $1 and organization = $2 and not deleted order by created_at, id limit ${shown}`,
    [account, id],
  );
  const total = rows[0]?.total ?? 0;
  if (total === 0) return '';
  const named = rows.map((row) => (row.name === null ? quoted(row.id) : `${quoted(row.id)} '${quoted(row.name)}'`));
  if (total > shown) named.push(`${total - shown} more`);
  return `${total} ${table}${total === 1 ? '' : 's'} (${named.join(', ')})`;
}

const stillHas = (id: string, held: string[]) =>
  new Problem(
    409,
    'Conflict',
    `Organization ${quoted(id)} still has ${held.join(' and ')}: delete them, or take them out of it with PATCH {"organization": null}`,
  );

export const noOrganization = (id: string) =>
  new Problem(404, 'Not found', `Organization ${quoted(id)} does not exist in this account: see GET /v1/organizations`);

const ofOrganization = ['printer_organization', 'channel_organization'];

/** What a user is told of a row that names an organization which is not there; every other error as it is. */
export function organizationFault(error: unknown): unknown {
  const cause = error instanceof QueryFailedError ? (error.driverError as { constraint?: string }) : {};
  if (!ofOrganization.includes(cause.constraint ?? '')) return error;
  return new Problem(422, 'Unprocessable content', 'The request has faults: each is listed with its path', [
    { path: 'organization', message: 'does not exist: make it with POST /v1/organizations first' },
  ]);
}
