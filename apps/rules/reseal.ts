import type { Bus } from '#bus';
import { type Database, type KeyRing, resealed } from '#runtime';
import { Copies } from './copies.js';

/** What became of the channels: sealed anew, sealed with the first key already, and those (by id) that no key opens. */
export interface Resealed {
  anew: number;
  already: number;
  unopened: string[];
}

interface Sealed {
  id: string;
  sealed: string;
}

const batch = 200;

/**
 * Seals every channel's settings with the ring's first key, and makes the copies. Services may go on meanwhile: a row is
 * changed only as it was read, and gets a new version like any change. Doing it twice changes nothing.
 */
export async function reseal(bus: Bus, database: Database, ring: KeyRing): Promise<Resealed> {
  const result: Resealed = { anew: 0, already: 0, unopened: [] };
  for (let after = ''; ; ) {
    const rows = await database.rows<Sealed>(
      'select id, sealed from channel where not deleted and id > $1 order by id limit $2',
      [after, batch],
    );
    for (const row of rows) await resealRow(database, ring, row, result);
    if (rows.length < batch) break;
    after = rows.at(-1)!.id;
  }
  await new Copies(database, await bus.bucket('CHANNELS')).reconcile();
  return result;
}

async function resealRow(database: Database, ring: KeyRing, row: Sealed, result: Resealed): Promise<void> {
  for (let read: Sealed | undefined = row; read; ) {
    const sealed = tryToReseal(ring, read.sealed);
    if (sealed === 'unopened') return void result.unopened.push(row.id);
    if (sealed === undefined) return void result.already++;
    // not for `updated_at`: nobody changed anything that is seen
    const changed: unknown[] = await database.rows(
      'with done as (update channel set sealed = $3, version = version + 1 where id = $1 and sealed = $2 and not deleted returning 1) select 1 from done',
      [row.id, read.sealed, sealed],
    );
    if (changed.length > 0) return void result.anew++;
    [read] = await database.rows<Sealed>('select id, sealed from channel where id = $1 and not deleted', [row.id]);
  }
}

function tryToReseal(ring: KeyRing, sealed: string): string | undefined | 'unopened' {
  try {
    return resealed(ring, sealed);
  } catch {
    return 'unopened';
  }
}
