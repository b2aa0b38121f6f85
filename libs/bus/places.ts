import type { Database } from '#runtime';
import type { Place } from './follow.js';

/** A table of places, one a stream, for whoever follows streams into a database. */
export const createPlaces = `
  create table place (
    stream text primary key,
    made   text not null,
    seq    bigint not null)`;

/** Notes places given as a JSON array of `{stream, made, seq}`; a place never goes back, unless its stream was made anew. */
export const upsertPlaces = (parameter: string) => `
  insert into place as held (stream, made, seq)
  select stream, made, seq from json_populate_recordset(null::place, ${parameter})
  on conflict (stream) do update set made = excluded.made, seq = excluded.seq
  where held.made <> excluded.made or held.seq < excluded.seq`;

export async function placeOf(database: Database, stream: string): Promise<Place | undefined> {
  const [row] = await database.rows<{ made: string; seq: string }>('select made, seq from place where stream = $1', [stream]);
  return row && { made: row.made, seq: Number(row.seq) };
}
