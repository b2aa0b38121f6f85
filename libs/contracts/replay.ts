import { z } from 'zod';
import { rowOf } from './catalogue.js';
import { outcomes } from './outcome.js';

const moment = z.iso.datetime({ offset: true, error: 'must be an RFC 3339 date and time, e.g. 2026-03-01T12:00:00Z' });

/** POST /v1/channels/{id}/replay: what ended in that time (from `since`, before `until`), of these types and outcomes; all where none is named. */
export const replayCreateSchema = z.strictObject({
  since: moment,
  until: moment.optional(),
  types: z
    .array(
      z
        .string()
        .max(200)
        .refine((type) => rowOf(type) !== undefined, 'must be a type of GET /v1/event-types or custom.<name>'),
    )
    .max(200)
    .optional(),
  outcomes: z.array(z.enum(outcomes)).max(outcomes.length).optional(),
});
export type ReplayCreate = z.infer<typeof replayCreateSchema>;

export const replayStates = ['running', 'done', 'stopped'] as const;

/** How far a replay is: of `total` deliveries, `done` were sent out anew. */
export interface ReplayView {
  id: string;
  channel_id: string;
  total: number;
  done: number;
  state: (typeof replayStates)[number];
  created_at: string;
}
