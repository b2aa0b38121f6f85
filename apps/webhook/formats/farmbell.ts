import type { FarmEvent } from '#contracts';
import type { Format } from './format.js';

/** Farmbell's own format: the envelope itself. A stored snapshot becomes a link that lives as long as the picture. */
export const farmbell: Format = (event, { publicUrl }) => ({ contentType: 'application/json', body: envelope(event, publicUrl) });

/** The envelope as receivers get it. */
export function envelope(event: FarmEvent, publicUrl: string): Record<string, unknown> {
  const { snapshot, ...rest } = event;
  if (!snapshot) return rest;
  return { ...rest, snapshot: { url: 'id' in snapshot ? `${publicUrl}/s/${snapshot.id}` : snapshot.url } };
}
