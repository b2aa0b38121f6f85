import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ask, Bus, every, pause } from '#bus';
import { type Page, Problem } from '#contracts';
import { complain, Database, LOG, type Log } from '#runtime';
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

/** What rules does for a whole account takes its time. */
const rulesMs = 30_000;
const tellAgainMs = 5000;
const patienceMs = 1000;
const atOnce = 100;

/** The tenants. */
@Injectable()
export class Accounts implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private telling: Promise<void> = Promise.resolve();
  private readonly untold: (error: unknown) => void;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Callers) private readonly callers: Callers,
    @Inject(AccountCopies) private readonly copies: AccountCopies,
    @Inject(LOG) log: Log,
  ) {
    this.untold = complain(log, "channels could not be told their account's plan, and are told later");
  }

  onApplicationBootstrap(): void {
    const { signal } = this.stopping;
    this.telling = every(tellAgainMs, () => this.tellPlans(), signal, this.untold);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    // rules may take longer: it is told again after the next start
    const told = new AbortController();
    await Promise.race([this.telling, pause(patienceMs, told.signal)]);
    told.abort();
  }

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
    const made = await this.rows
      .createQueryBuilder()
      .insert()
      .values({ id, name, plan, plan_told: true })
      .orIgnore()
      .returning('id')
      .execute();
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

  /** The plan is changed when it is stored; its channels follow at once, or as soon as rules is back. */
  async patch(id: string, set: { name?: string; plan?: Plan }): Promise<AccountView> {
    if (Object.keys(set).length > 0) await this.rows.update({ id }, { ...set, ...(set.plan && { plan_told: false }) });
    if (set.plan) await this.tellPlan(id).catch(this.untold);
    return this.get(id);
  }

  async needCommercial(id: string, what: string): Promise<void> {
    if ((await this.get(id)).plan === 'commercial') return;
    throw new Problem(
      403,
      'Forbidden',
      `${what} need the plan commercial, and account ${id} has hobby: the operator changes it with PATCH /v1/accounts/${id} {"plan": "commercial"}`,
    );
  }

  /** Does what needs the plan commercial. Where the plan has changed meanwhile, what was done follows it too. */
  async commercially<T>(id: string, what: string, act: () => Promise<T>): Promise<T> {
    await this.needCommercial(id, what);
    const done = await act();
    await this.needCommercial(id, what).catch(async (refusal) => {
      await this.rows.update({ id }, { plan_told: false });
      await this.tellPlan(id).catch(this.untold);
      throw refusal;
    });
    return done;
  }

  /**
   * Deletes an account without channels, with its tokens and all that rules keeps of it; what it received is told to nobody any
   * more. Its own row goes last: after a crash the same request does the rest.
   */
  async delete(id: string): Promise<void> {
    if (id === defaultAccount) throw new Problem(409, 'Conflict', 'The account default belongs to the installation and stays');
    await this.get(id);
    await ask(this.bus, 'rules.account.delete', { account: id }, rulesMs);
    const forgotten = () => ask(this.bus, 'journal.account.delete', { account: id });
    await forgotten();
    await this.rows.delete({ id });
    await this.copies.remove(id);
    this.callers.forgetAccount(id);
    // what was taken in meanwhile
    await forgotten().catch(() => {});
  }

  /** After a crash, or while rules was away. */
  private async tellPlans(): Promise<void> {
    const untold = await this.rows.find({ select: { id: true }, where: { plan_told: false }, take: atOnce });
    for (const { id } of untold) if (!this.stopping.signal.aborted) await this.tellPlan(id);
  }

  /** Under the row's lock, so that rules hears of two changes in their order. */
  private async tellPlan(id: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const where = { id, plan_told: false };
      const row = await manager.findOne(AccountRow, { where, lock: { mode: 'for_no_key_update' } });
      if (!row) return;
      await ask(this.bus, 'rules.account.plan', { account: id, plan: row.plan }, rulesMs);
      await manager.update(AccountRow, { id }, { plan_told: true });
    });
  }
}

const missing = (id: string) => new Problem(404, 'Not found', `Account ${id.slice(0, 80)} does not exist: see GET /v1/accounts`);
