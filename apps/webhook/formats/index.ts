import { farmbell } from './farmbell.js';
import type { Format } from './format.js';

/** One file a format, one line here. */
export const formats = { farmbell } satisfies Record<string, Format>;
export const formatNames = Object.keys(formats) as [keyof typeof formats, ...(keyof typeof formats)[]];
