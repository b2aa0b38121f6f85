import { Inject, Injectable } from '@nestjs/common';
import { ask, Bus } from '#bus';
import { type Page, Problem } from '#contracts';
import { Database } from '#runtime';
import { page, placeOf } from '../http/page.js';
import { AccountCopies } from './account-copies.js';
import { Callers, defaultAccount } from './callers.js';
import { AccountRow, type Plan } from './rows.js';

export interface AccountView {
  id: string;
  name: string;
  plan: Plan;
  created_at: string;
}

const viewOf = ({ id, name, plan, created_at }: AccountRow): AccountView => ({
  id,
  name,
  plan,
  created_at: created_at.toISOString(),
});

/** The tenants. */
@Injectable()
export class Accounts {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Callers) private readonly callers: Callers,
    @Inject(AccountCopies) private readonly copies: AccountCopies,
  ) {}

  private get rows() {
    return this.database.getRepository(AccountRow);
  }

  async list(limit: number, cursor: string | undefined): Promise<Page<AccountView>> {
    const after = placeOf(cursor);
    const query = this.rows
      .createQueryBuilder('a')
      .orderBy('a.created_at')
      .addOrderBy('a.id')
      .limit(limit + 1);
    if (after) query.where('(a.created_at, a.id) > (:at::timestamptz, :id)', after);
    return page(await query.getMany(), limit, (row) => ({ at: row.created_at.toISOString(), id: row.id }), viewOf);
  }

  async get(id: string): Promise<AccountView> {
    const row = await this.rows.findOneBy({ id });
    if (!row) throw missing(id);
    return viewOf(row);
  }

  async create({ id, name = id, plan = 'hobby' }: { id: string; name?: string; plan?: Plan }): Promise<AccountView> {
    const made = await this.rows.createQueryBuilder().insert().values({ id, name, plan }).orIgnore().returning('id').execute();
    if (made.raw.length === 0) {
      throw new Problem(
        409,
        'Conflict',
        `Account ${id} exists already: choose another id, or change it with PATCH /v1/accounts/${id}`,
      );
    }
    await this.copies.put(id);
    return this.get(id);
  }

  async patch(id: string, set: { name?: string; plan?: Plan }): Promise<AccountView> {
    if (Object.keys(set).length > 0) await this.rows.update({ id }, set);
    return this.get(id);
  }

  /** Deletes an account without channels, with its tokens; events and deliveries go when their time is over. */
  async delete(id: string): Promise<void> {
    if (id === defaultAccount) throw new Problem(409, 'Conflict', 'The account default belongs to the installation and stays');
    await this.get(id);
    const { channels } = await ask(this.bus, 'rules.channel.list', { account: id, limit: 1 });
    if (channels.length > 0) {
      throw new Problem(
        409,
        'Conflict',
        `Account ${id} has channels: delete them first with DELETE /v1/channels/{id} and Farmbell-Account: ${id}`,
      );
    }
    await this.rows.delete({ id });
    await this.copies.remove(id);
    this.callers.forgetAccount(id);
  }
}

const missing = (id: string) => new Problem(404, 'Not found', `Account ${id.slice(0, 80)} does not exist: see GET /v1/accounts`);
