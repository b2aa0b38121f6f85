import type { FarmEvent } from '#contracts';

/** Where a snapshot can be seen: a stored one at Farmbell, for as long as it is kept (seven days); another at its own address. */
export const snapshotLink = (snapshot: NonNullable<FarmEvent['snapshot']>, publicUrl: string): string =>
  'id' in snapshot ? `${publicUrl}/s/${snapshot.id}` : snapshot.url;
