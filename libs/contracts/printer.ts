import { z } from 'zod';
import { text } from './envelope.js';
import { chosenId } from './organization.js';

const said = (max: number) => text(max).min(1, 'must not be empty; null removes it').nullable();

/** PATCH /v1/printers/{id}: what is left out stays, null removes it. Bounds as in events, which are filled from it. */
export const printerPatchSchema = z
  .strictObject({
    name: said(300),
    model: said(1000),
    tags: z.array(text(300)).max(100, 'has more than 100 tags').nullable(),
    location: said(1000),
    organization: said(300),
  })
  .partial();
export type PrinterPatch = z.infer<typeof printerPatchSchema>;

/** POST /v1/printers. The id is the one in the printer's events. */
export const printerCreateSchema = printerPatchSchema.extend({ id: chosenId });
export type PrinterCreate = z.infer<typeof printerCreateSchema>;

/** A printer as the API shows it. */
export interface PrinterView {
  id: string;
  name: string | null;
  model: string | null;
  tags: string[];
  location: string | null;
  organization: string | null;
}
