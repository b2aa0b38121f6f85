import type { FarmEvent } from '#contracts';
import type { Links } from '#delivery';

/** A webhook format: pure, from an event to what is posted. Headers beyond the common ones where the vendor has some. */
export type Format = (
  event: FarmEvent,
  links: Links,
) => { contentType: string; body: Record<string, unknown>; headers?: Record<string, string> };
