import type { FarmEvent } from '#contracts';

/** An event as the API shows it: a stored picture is shown by the address that serves it. */
export function eventView({ snapshot, ...rest }: FarmEvent, publicUrl: string) {
  if (!snapshot) return rest;
  return { ...rest, snapshot: { url: 'url' in snapshot ? snapshot.url : `${publicUrl}/s/${snapshot.id}` } };
}
