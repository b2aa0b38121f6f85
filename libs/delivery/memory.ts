import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { ChannelType } from '#contracts';
import type { Database } from '#runtime';

export class Memory1763730000000 implements MigrationInterface {
  name = 'Memory1763730000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table memory (
        type text not null,
        key text not null,
        value jsonb not null,
        until timestamptz not null,
        primary key (type, key)
      );
      create index memory_until on memory (until)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table memory');
  }
}

const most = 20_000;
const sweepMs = 10 * 60_000;

/**
 * What outlives a delivery: which message shows a print, what a provider calls a picture, an address that it changed. Kept in the
 * database for a while, and here as long as this process owns the lanes that it is about. Who cannot read it does without.
 */
export class Memory {
  private readonly known = new Map<string, unknown>();
  private sweptAt = 0;

  constructor(
    private readonly database: Database,
    private readonly type: ChannelType,
  ) {}

  async get<T>(key: string): Promise<T | undefined> {
    if (this.known.has(key)) return this.known.get(key) as T | undefined;
    const [row] = await this.database.rows<{ value: T }>(
      'select value from memory where type = $1 and key = $2 and until > now()',
      [this.type, key],
    );
    // it may have been written meanwhile
    if (!this.known.has(key)) this.keep(key, row?.value);
    return this.known.get(key) as T | undefined;
  }

  async put(key: string, value: object, ttlMs: number): Promise<void> {
    this.keep(key, value);
    await this.database.query(
      `insert into memory (type, key, value, until) values ($1, $2, $3, $4)
       on conflict (type, key) do update set value = excluded.value, until = excluded.until`,
      [this.type, key, JSON.stringify(value), new Date(Date.now() + ttlMs)],
    );
    await this.sweep();
  }

  async delete(key: string): Promise<void> {
    this.keep(key, undefined);
    await this.database.query('delete from memory where type = $1 and key = $2', [this.type, key]);
  }

  /** All that begins so, from the database. */
  async list<T>(prefix: string): Promise<{ key: string; value: T }[]> {
    return this.database.rows<{ key: string; value: T }>(
      'select key, value from memory where type = $1 and starts_with(key, $2) and until > now()',
      [this.type, prefix],
    );
  }

  /** Another process may have changed it meanwhile. */
  forget(): void {
    this.known.clear();
  }

  private keep(key: string, value: unknown): void {
    this.known.delete(key);
    this.known.set(key, value);
    if (this.known.size > most) this.known.delete(this.known.keys().next().value!);
  }

  private async sweep(): Promise<void> {
    if (Date.now() - this.sweptAt < sweepMs) return;
    this.sweptAt = Date.now();
    await this.database.query('delete from memory where until < now()');
  }
}
