import { z } from 'zod';
import { invalid, type Page, rowOf, text } from '#contracts';

/** Query parameters of lists. What they hold arrives as text. */
export const limit = z
  .string('must be given once')
  .regex(/^\d{1,6}$/, 'must be a whole number from 1 to 500')
  .transform(Number)
  .pipe(z.int().min(1, 'must be a whole number from 1 to 500').max(500, 'must be a whole number from 1 to 500'))
  .default(50);
export const cursor = text(1000).min(1, "must be the last page's next_cursor").optional();
export const moment = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 date and time, e.g. 2026-03-01T12:00:00Z' })
  .optional();
export const eventType = z
  .string()
  .max(200)
  .refine((type) => rowOf(type) !== undefined, 'must be a type of GET /v1/event-types or custom.<name>')
  .optional();

export const pageQuery = z.strictObject({ limit, cursor });

export const pageOf = <T extends z.ZodType>(one: T) => z.strictObject({ data: z.array(one), next_cursor: z.string().nullable() });

/** Where a list goes on: after the row made at `at` (ISO time) with this id. */
export interface Place {
  at: string;
  id: string;
}

export const cursorOf = ({ at, id }: Place): string => Buffer.from(JSON.stringify([at, id])).toString('base64url');

/** As cursorOf() writes it, within the years that PostgreSQL knows too: Date.parse alone takes nearly anything. */
const isoTime = /^(?!0000)\d{4}-/;

export function placeOf(given: string | undefined): Place | undefined {
  if (given === undefined) return undefined;
  try {
    const [at, id, ...more] = JSON.parse(Buffer.from(given, 'base64url').toString()) as unknown[];
    if (
      typeof at === 'string' &&
      typeof id === 'string' &&
      more.length === 0 &&
      isoTime.test(at) &&
      new Date(at).toISOString() === at &&
      !id.includes('\0')
    )
      return { at, id };
  } catch {
    // said below
  }
  throw invalid([{ path: 'cursor', message: "must be the last page's next_cursor; leave it out to begin" }]);
}

/** A page of `rows`, of which one more than `limit` may have been read: then there is a next page. */
export function page<T, V>(rows: T[], limit: number, placeOfRow: (row: T) => Place, view: (row: T) => V): Page<V> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(view), next_cursor: rows.length > limit && last !== undefined ? cursorOf(placeOfRow(last)) : null };
}
