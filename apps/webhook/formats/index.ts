import type { FarmEvent } from '#contracts';
import type { Links } from '#delivery';
import { farmbell } from './farmbell.js';

/** A webhook format: pure, from an event to what is posted. Headers beyond the common ones where the vendor has some. */
export type Format = (
  event: FarmEvent,
  links: Links,
) => { contentType: string; body: Record<string, unknown>; headers?: Record<string, string> };

/** One file a format, one line here. */
export const formats = { farmbell } satisfies Record<string, Format>;
export const formatNames = Object.keys(formats) as [keyof typeof formats, ...(keyof typeof formats)[]];
