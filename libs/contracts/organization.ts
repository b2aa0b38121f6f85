import { z } from 'zod';
import { text } from './envelope.js';

/** An id that a user chooses: any text, as in events. */
export const chosenId = text(300)
  .min(1, 'must not be empty')
  // what reads addresses resolves these away: nobody could ask for it
  .refine((id) => id !== '.' && id !== '..', "must not be '.' or '..': no address can hold it");

const name = text(300).min(1, 'must not be empty');

/** POST /v1/organizations. The id is what events, printers and channels name it by. */
export const organizationCreateSchema = z.strictObject({ id: chosenId, name: name.optional().describe('the id when left out') });
export type OrganizationCreate = z.infer<typeof organizationCreateSchema>;

/** PATCH /v1/organizations/{id}. */
export const organizationPatchSchema = z.strictObject({ name: name.optional() });
export type OrganizationPatch = z.infer<typeof organizationPatchSchema>;

/** An organization as the API shows it. */
export interface OrganizationView {
  id: string;
  name: string;
}
