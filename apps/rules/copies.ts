import type { KV, KvEntry } from '@nats-io/kv';
import type { ChannelCopy } from '#contracts';
import type { Database } from '#runtime';
import { ChannelRow, copyOf } from './rows.js';

const atOnce = 100;

/** The version of a copy; undefined for what is no copy, and is to be replaced. */
function versionOf(entry: KvEntry): number | undefined {
  try {
    const { version } = entry.json<ChannelCopy>();
    return typeof version === 'number' ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the CHANNELS bucket equal to the rows: a copy is made after each commit, and later what was missed. */
export class Copies {
  constructor(
    private readonly database: Database,
    private readonly kv: KV,
  ) {}

  /** Makes the copy say what the row says, unless it is newer; that of a deleted channel is removed, and then the row. */
  async put(id: string): Promise<void> {
    for (;;) {
      const entry = await this.kv.get(id);
      // read behind the entry: whoever read it before the row was deleted must fail
      const row = await this.database.getRepository(ChannelRow).findOneBy({ id, deleted: false });
      if (!row) return this.remove(id);
      const present = entry?.operation === 'PUT' ? versionOf(entry) : undefined;
      try {
        if (present === undefined || present < row.version)
          await this.kv.put(id, JSON.stringify(copyOf(row)), { previousSeq: entry?.revision ?? 0 });
      } catch (error) {
        if (!/wrong last sequence/i.test(String(error))) throw error;
        continue;
      }
      await this.database.query('update channel set copied_version = greatest(copied_version, $2) where id = $1', [
        id,
        row.version,
      ]);
      return;
    }
  }

  /** At start: what a crash left out; all of it for a new broker under an old database. */
  async reconcile(): Promise<void> {
    // said in the rows first: a crash in the middle leaves the rest to be copied
    if ((await this.kv.status()).values === 0) await this.database.query('update channel set copied_version = 0');
    await this.catchUp();
  }

  /** Makes every copy that was missed. */
  async catchUp(): Promise<void> {
    const missed = await this.database.rows<Pick<ChannelRow, 'id'>>(
      'select id from channel where deleted or copied_version < version',
    );
    for (let i = 0; i < missed.length; i += atOnce) await Promise.all(missed.slice(i, i + atOnce).map(({ id }) => this.put(id)));
  }

  private async remove(id: string): Promise<void> {
    await this.kv.delete(id);
    await this.database.query('delete from channel where id = $1 and deleted', [id]);
  }
}
