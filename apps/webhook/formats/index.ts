import { cloudevents } from './cloudevents.js';
import { farmbell } from './farmbell.js';
import type { Format } from './format.js';
import { octoeverywhere } from './octoeverywhere.js';
import { odin } from './odin.js';
import { printago } from './printago.js';
import { simplyprint } from './simplyprint.js';

/** One file a format, one line here; what a format presets of the settings is in presets.ts. */
export const formats = {
  farmbell,
  cloudevents,
  printago,
  simplyprint,
  odin,
  octoeverywhere,
} satisfies Record<string, Format>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as [FormatName, ...FormatName[]];
