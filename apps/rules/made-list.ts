import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { fitting, type MadeAsk, type MadeList } from '#contracts';

interface Made extends ObjectLiteral {
  id: string;
  created_at: Date;
}

/** A page of an account's rows in the order in which they were made; `query` is over rows that it calls `made`. */
export async function madeList<R extends Made, V>(
  query: SelectQueryBuilder<R>,
  { account, after, limit }: MadeAsk,
  view: (row: R) => V,
): Promise<MadeList<V>> {
  // a place tells milliseconds, the table microseconds
  const at = `date_trunc('milliseconds', made.created_at)`;
  const rows = await query
    .andWhere('made.account = :account', { account })
    .andWhere(after ? `(${at}, made.id) > (:at::timestamptz, :id)` : 'true', after ?? {})
    .orderBy(at)
    .addOrderBy('made.id')
    .limit(limit + 1)
    .getMany();
  const data = fitting(rows, limit, view);
  const last = data.length < rows.length ? rows[data.length - 1] : undefined;
  return { data, next: last ? { at: last.created_at.toISOString(), id: last.id } : null };
}
