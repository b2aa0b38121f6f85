import type { FarmEvent } from '#contracts';
import { withoutAccessCodes } from './access-codes.js';
import type { Format } from './format.js';
import { snapshotLink } from './snapshot-link.js';

/** Farmbell's own format: the envelope itself. A stored snapshot becomes a link that lives as long as the picture. */
export const farmbell: Format = (event, { publicUrl }) => ({ contentType: 'application/json', body: envelope(event, publicUrl) });

/** The envelope as receivers get it. */
export function envelope({ snapshot, data, ...rest }: FarmEvent, publicUrl: string): Record<string, unknown> {
  return {
    ...rest,
    ...(data && { data: withoutAccessCodes(data) }),
    ...(snapshot && { snapshot: { url: snapshotLink(snapshot, publicUrl) } }),
  };
}
