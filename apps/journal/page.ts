import { fitting, invalid, type Page } from '#contracts';
import { plainTime } from './plain.js';

/** Where a page ends: lists go from the newest to the oldest by (time, id), so what comes in later moves no page. */
export interface Place {
  time: string;
  id: string;
}

export const cursorOf = ({ time, id }: Place): string => Buffer.from(JSON.stringify([time, id])).toString('base64url');

/** The place a cursor stands for. Throws a Problem 422 for what is no cursor of ours. */
export function placeOf(cursor: string): Place {
  try {
    const [time, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    const plain = plainTime(time);
    const whole = plain !== undefined && plain === time && typeof id === 'string' && more.length === 0;
    if (whole && !id.includes('\0') && id.length <= 600) return { time: plain, id };
  } catch {
    // not base64url of JSON: the same fault
  }
  throw invalid([{ path: 'cursor', message: 'must be the next_cursor of the page before, unchanged' }]);
}

/** When an account of that id was deleted last; before all times for one that never was. */
export const deletedAt = (account: string): string =>
  `coalesce((select gone.at from deleted_account gone where gone.account = ${account}), '-infinity')`;

/** The conditions of a list, and their values. Made for one query. */
export class Conditions {
  private readonly parts: string[] = [];
  readonly values: unknown[] = [];

  /** Adds a condition whose `?` stand for the values, in order. */
  add(sql: string, ...values: unknown[]): this {
    this.parts.push(sql.replace(/\?/g, () => `$${this.values.push(values.shift())}`));
    return this;
  }

  /** Of an account. What one of that id had received before it was deleted is no part of it. */
  of(account: string, received: string): this {
    return this.add(`account = ? and ${received} > ${deletedAt('?')}`, account, account);
  }

  /** `column = value`, where a value is asked for. U+0000, which PostgreSQL cannot take, is in no row. */
  equal(column: string, value: string | undefined): this {
    if (value === undefined) return this;
    return value.includes('\0') ? this.add('false') : this.add(`${column} = ?`, value);
  }

  /** A type, or all of a category as in `job.*`. */
  type(column: string, value: string | undefined): this {
    if (!value?.endsWith('.*') || value.includes('\0')) return this.equal(column, value);
    const category = value.slice(0, -1);
    return this.add(`${column} >= ? and ${column} < ?`, category, `${category.slice(0, -1)}/`);
  }

  /** From `since` (included) until `until` (excluded). */
  between(column: string, since: string | undefined, until: string | undefined): this {
    if (since !== undefined) this.add(`${column} >= ?`, timeAsked('since', since));
    if (until !== undefined) this.add(`${column} < ?`, timeAsked('until', until));
    return this;
  }

  /** What lies behind a cursor. */
  after(time: string, cursor: string | undefined): this {
    if (cursor === undefined) return this;
    const place = placeOf(cursor);
    return this.add(`(${time}, id) < (?, ?)`, place.time, place.id);
  }

  toString(): string {
    return this.parts.length > 0 ? this.parts.join(' and ') : 'true';
  }
}

/** One row more than asked for tells whether there is a next page. */
export const limitOf = (limit: number): number => Math.min(Math.max(Math.trunc(limit) || 50, 1), 500);

export function pageOf<R, T>(rows: readonly R[], limit: number, place: (row: R) => Place, shown: (row: R) => T): Page<T> {
  const data = fitting(rows, limit, shown);
  return { data, next_cursor: rows.length > data.length ? cursorOf(place(rows[data.length - 1]!)) : null };
}

function timeAsked(path: string, text: string): string {
  const time = plainTime(text);
  if (time) return time;
  throw invalid([{ path, message: 'must be an RFC 3339 date and time, e.g. 2026-03-01T12:00:00Z' }]);
}
