import type { KV, KvEntry } from '@nats-io/kv';
import type { ChannelCopy } from '#contracts';
import type { Database } from '#runtime';
import { ChannelRow, copyOf } from './rows.js';

/** The version of a copy; undefined for what is no copy, and is to be replaced. */
function versionOf(entry: KvEntry): number | undefined {
  try {
    const { version } = entry.json<ChannelCopy>();
    return typeof version === 'number' ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the CHANNELS bucket equal to the rows: a copy is made after each commit, and at start what was missed. */
export class Copies {
  constructor(
    private readonly database: Database,
    private readonly kv: KV,
  ) {}

  /** Puts a channel's copy, unless the bucket has a newer one; removes a deleted channel for good. */
  async put(row: ChannelRow): Promise<void> {
    if (row.deleted) {
      await this.kv.delete(row.id);
      await this.database.query('delete from channel where id = $1 and deleted', [row.id]);
      return;
    }
    for (;;) {
      const entry = await this.kv.get(row.id);
      const present = entry?.operation === 'PUT' ? versionOf(entry) : undefined;
      if (present !== undefined && present >= row.version) break;
      try {
        await this.kv.put(row.id, JSON.stringify(copyOf(row)), { previousSeq: entry?.revision ?? 0 });
        break;
      } catch (error) {
        if (!/wrong last sequence/i.test(String(error))) throw error;
      }
    }
    await this.database.query('update channel set copied_version = greatest(copied_version, $2) where id = $1', [
      row.id,
      row.version,
    ]);
  }

  /** Makes every copy that a crash left out; all of them when the bucket is empty (a new broker under an old database). */
  async reconcile(): Promise<void> {
    const repository = this.database.getRepository(ChannelRow);
    const empty = (await this.kv.status()).values === 0;
    const missed = await repository
      .createQueryBuilder('c')
      .where(empty ? 'true' : 'c.deleted or c.copied_version < c.version')
      .getMany();
    for (let i = 0; i < missed.length; i += 100) await Promise.all(missed.slice(i, i + 100).map((row) => this.put(row)));
  }
}
