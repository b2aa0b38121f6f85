import { In } from 'typeorm';
import type { Database } from '#runtime';
import type { Matchable } from './match.js';
import { ChannelRow } from './rows.js';

/** Every channel's selection in memory, by account, in the order of their ids. */
export class MatchIndex {
  private readonly accounts = new Map<string, Matchable[]>();

  constructor(private readonly database: Database) {}

  /** Channels of an account, sorted by id. */
  of(account: string): readonly Matchable[] {
    return this.accounts.get(account) ?? [];
  }

  async load(): Promise<void> {
    const rows = await this.database.rows<Matchable>(
      `select id, account, type, organization, enabled, version, epoch, lane, events, min_severity, printers, tags
       from channel where not deleted order by account, id`,
    );
    this.accounts.clear();
    for (const row of rows) this.accounts.set(row.account, [...(this.accounts.get(row.account) ?? []), row]);
  }

  /** Reads some channels anew: the changed ones, on every replica. */
  async refresh(ids: string[]): Promise<void> {
    const rows = await this.database.getRepository(ChannelRow).findBy({ id: In(ids), deleted: false });
    for (const row of rows) this.put(row);
    for (const id of ids) if (!rows.some((row) => row.id === id)) this.drop(id);
  }

  put(channel: Matchable): void {
    const others = this.of(channel.account).filter((one) => one.id !== channel.id);
    // never back to an older version: a late read must not undo a newer write
    const present = this.of(channel.account).find((one) => one.id === channel.id);
    if (present && present.version > channel.version) return;
    this.accounts.set(
      channel.account,
      [...others, channel].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  }

  drop(id: string, account?: string): void {
    for (const name of account ? [account] : this.accounts.keys()) {
      const kept = this.of(name).filter((one) => one.id !== id);
      if (kept.length !== this.of(name).length) this.accounts.set(name, kept);
    }
  }
}
