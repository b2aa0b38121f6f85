import type { KV, KvEntry } from '@nats-io/kv';
import { printerKey } from '#intake';
import type { Database } from '#runtime';
import { PrinterRow } from './rows.js';

const atOnce = 100;

/**
 * Keeps the PRINTERS bucket equal to the rows: a copy is made after each commit, and later what was missed. Each write expects
 * the copy that was there before the row was read: of many who write at once, who read the row last wins.
 */
export class PrinterCopies {
  constructor(
    private readonly database: Database,
    private readonly kv: KV,
  ) {}

  /** Makes the copy say what the row says; that of a deleted printer is removed, and then the row. */
  async put(account: string, id: string): Promise<void> {
    for (;;) {
      const entry = await this.kv.get(printerKey(account, id));
      const row = await this.database.getRepository(PrinterRow).findOneBy({ account, id });
      try {
        if (!(await this.write(printerKey(account, id), entry, row))) continue;
      } catch (error) {
        if (!/wrong last sequence/i.test(String(error))) throw error;
        continue;
      }
      if (row) await this.note(row);
      return;
    }
  }

  /** At start: what a crash left out; all of it for a new broker under an old database. */
  async reconcile(): Promise<void> {
    // said in the rows first: a crash in the middle leaves the rest to be copied
    if ((await this.kv.status()).values === 0) await this.database.query('update printer set copied_version = 0');
    await this.catchUp();
  }

  /** Makes every copy that was missed. */
  async catchUp(): Promise<void> {
    const missed = await this.database.rows<Pick<PrinterRow, 'account' | 'id'>>(
      'select account, id from printer where deleted or copied_version < version',
    );
    for (let i = 0; i < missed.length; i += atOnce)
      await Promise.all(missed.slice(i, i + atOnce).map(({ account, id }) => this.put(account, id)));
  }

  /** False when the entry must be read again first. */
  private async write(key: string, entry: KvEntry | null, row: PrinterRow | null): Promise<boolean> {
    if (row && !row.deleted) {
      await this.kv.put(key, JSON.stringify(copyOf(row)), { previousSeq: entry?.revision ?? 0 });
    } else if (!entry) {
      // without a row and an entry there is nothing to forget; else who read the row before must fail, so a mark is left
      if (!row) return true;
      // the client cannot expect that there is none: the mark is written again, then expecting this one
      await this.kv.delete(key);
      return false;
    } else if (row || entry.operation === 'PUT') {
      await this.kv.delete(key, { previousSeq: entry.revision });
    }
    return true;
  }

  /** The bucket has this version of the row. */
  private async note({ account, id, version, deleted }: PrinterRow): Promise<void> {
    const statement = deleted
      ? 'delete from printer where account = $1 and id = $2 and version = $3 and deleted'
      : 'update printer set copied_version = greatest(copied_version, $3) where account = $1 and id = $2 and version >= $3';
    await this.database.query(statement, [account, id, version]);
  }
}

/** What intake fills events from. */
const copyOf = ({ id, name, model, tags, location, organization }: PrinterRow) => ({
  id,
  ...(name !== null && { name }),
  ...(model !== null && { model }),
  ...(tags.length > 0 && { tags }),
  ...(location !== null && { location }),
  ...(organization !== null && { organization }),
});
