import { transient } from '#bus';
import { Problem } from '#contracts';

const keptMs = 10 * 60_000;

/** Rows that were read lately: they stand in while the database is away, so that publishing goes on without it. */
export class Remembered<T> {
  private readonly rows = new Map<string, { row: T; at: number }>();

  constructor(private readonly most = 10_000) {}

  has(key: string): boolean {
    const kept = this.rows.get(key);
    return kept !== undefined && Date.now() - kept.at < keptMs;
  }

  forget(matches: (row: T) => boolean): void {
    for (const [key, { row }] of this.rows) if (matches(row)) this.rows.delete(key);
  }

  /** The row as the database has it now; as it was at most ten minutes ago while the database is away. */
  async read(key: string, query: () => Promise<T | null>): Promise<T | null> {
    try {
      const row = await query();
      this.rows.delete(key);
      if (row !== null) this.rows.set(key, { row, at: Date.now() });
      if (this.rows.size > this.most) this.rows.delete(this.rows.keys().next().value as string);
      return row;
    } catch (error) {
      if (!transient(error)) throw error;
      if (this.has(key)) return this.rows.get(key)!.row;
      throw new Problem(503, 'Service unavailable', 'The database does not answer; try again in a few seconds', undefined, 2);
    }
  }
}
