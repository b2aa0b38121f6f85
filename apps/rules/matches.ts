import { type Asks, type FarmEvent, fitting } from '#contracts';
import type { Database } from '#runtime';
import { type Matchable, match } from './match.js';

type Ask = Asks['rules.event.match'];
type Row = Matchable & { name: string; created_at: Date };

/** What each channel of an account makes of an event, by its present selection: in pages, in the order of their ids. */
export async function matches(database: Database, { account, event, after = '', limit }: Ask[0]): Promise<Ask[1]> {
  const rows = await database.rows<Row>(
    `select id, name, account, type, organization, enabled, version, epoch, lane, events, min_severity, printers, tags,
       shown->>'format' as format, created_at
     from channel where account = $1 and not deleted and id > $2 order by id limit $3`,
    [account, after, limit + 1],
  );
  const channels = fitting(rows, limit, (row) => ({
    id: row.id,
    name: row.name,
    match: match(event as FarmEvent, row),
    min_severity: row.min_severity,
    created_at: row.created_at.toISOString(),
  }));
  return { channels, more: channels.length < rows.length };
}
