import {
  type MadeAsk,
  type MadeList,
  type PrinterCreate,
  type PrinterPatch,
  type PrinterView,
  Problem,
  quoted,
} from '#contracts';
import type { Database } from '#runtime';
import { madeList } from './made-list.js';
import type { PrinterCopies } from './printer-copies.js';
import { PrinterRow, printerOf } from './rows.js';

/** Printers as users register them. Each change is a commit, then the copy from which events are filled. */
export class Printers {
  /** `uncopied` is told why a copy could not be made: it is made later. */
  constructor(
    private readonly database: Database,
    private readonly copies: PrinterCopies,
    private readonly uncopied: (error: unknown) => void = () => {},
  ) {}

  private get rows() {
    return this.database.getRepository(PrinterRow);
  }

  list(asked: MadeAsk): Promise<MadeList<PrinterView>> {
    return madeList(this.rows.createQueryBuilder('made').where('not made.deleted'), asked, printerOf);
  }

  async get(account: string, id: string): Promise<PrinterView> {
    const row = await this.rows.findOneBy({ account, id, deleted: false });
    if (!row) throw missing(id);
    return printerOf(row);
  }

  async create(account: string, request: string, given: PrinterCreate): Promise<PrinterView> {
    const { id, name = null, model = null, tags, location = null, organization = null } = given;
    const made = await this.database.rows(
      `insert into printer as present (account, id, name, model, tags, location, organization, made_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (account, id) do update set
         name = $3, model = $4, tags = $5, location = $6, organization = $7, made_by = $8,
         created_at = now(), deleted = false, version = present.version + 1
       where present.deleted
       returning 1`,
      [account, id, name, model, JSON.stringify(tags ?? []), location, organization, request],
    );
    if (made.length === 0 && !(await this.rows.existsBy({ account, id, deleted: false, made_by: request }))) throw present(id);
    return this.copied(account, id);
  }

  async patch(account: string, id: string, { tags, ...plain }: PrinterPatch): Promise<PrinterView> {
    await this.change(account, id, { ...plain, ...(tags !== undefined && { tags: tags ?? [] }) });
    return this.copied(account, id);
  }

  async delete(account: string, id: string): Promise<void> {
    await this.change(account, id, { deleted: true, organization: null });
    await this.copies.put(account, id).catch(this.uncopied);
  }

  /** One change of one row under its lock. */
  private async change(account: string, id: string, columns: Partial<PrinterRow>): Promise<void> {
    await this.database.transaction(async (manager) => {
      const where = { account, id, deleted: false };
      const row = await manager.findOne(PrinterRow, { where, lock: { mode: 'pessimistic_write' } });
      if (!row) throw missing(id);
      if (Object.keys(columns).length === 0) return;
      await manager.save(PrinterRow, Object.assign(row, columns, { version: row.version + 1 }));
    });
  }

  /** After a commit. The change is made: that its copy must wait is no reason to deny it. */
  private async copied(account: string, id: string): Promise<PrinterView> {
    await this.copies.put(account, id).catch(this.uncopied);
    return this.get(account, id);
  }
}

const missing = (id: string) =>
  new Problem(404, 'Not found', `Printer ${quoted(id)} is not registered in this account: register it with POST /v1/printers`);

const present = (id: string) =>
  new Problem(
    409,
    'Conflict',
    `Printer ${quoted(id)} is registered already: change it with PATCH /v1/printers/${encodeURIComponent(id)}`,
  );
