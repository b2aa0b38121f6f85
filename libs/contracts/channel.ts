import { z } from 'zod';
import { catalogue, categoryOf, rowOf, severities } from './catalogue.js';
import { text } from './envelope.js';
import { type ChannelType, channelTypes } from './outcome.js';
import { type QuietHours, quietHoursSchema } from './quiet-hours.js';

const categories = new Set(['custom', ...catalogue.map((row) => categoryOf(row.type))]);
const categoryPattern = (p: string) => p.endsWith('.*') && categories.has(p.slice(0, -2));

const pattern = z
  .string()
  .max(200)
  .refine((p) => rowOf(p) !== undefined || categoryPattern(p), {
    error: 'must be a type of GET /v1/event-types, custom.<name>, or a category such as job.*',
  });

export const retryDefaults = { chat: [0, 5, 60, 300, 1800], webhook: [0, 5, 300, 1800, 7200, 18000, 36000, 36000] } as const;

const filters = {
  name: text(300).min(1, 'must not be empty'),
  organization: text(300).nullable(),
  events: z.array(pattern).max(200),
  min_severity: z.enum(severities).nullable(),
  printers: z.array(text(300)).max(1000),
  tags: z.array(text(300)).max(100),
  retry: z.strictObject({ mode: z.enum(['once', 'backoff']), attempts: z.int().min(1).max(20).optional() }),
  expires_after_s: z
    .int()
    .min(1)
    .max(30 * 86_400),
  progress: z.enum(['edit', 'post']),
  progress_every: z
    .strictObject({
      percent: z.number().min(1).max(100).nullable().default(null),
      seconds: z
        .int()
        .min(1)
        .max(30 * 86_400)
        .nullable()
        .default(null),
    })
    .nullable(),
  auto_disable: z.strictObject({
    failures: z.int().min(1).max(10_000),
    window_h: z
      .int()
      .min(1)
      .max(24 * 30),
  }),
  quiet_hours: quietHoursSchema.nullable(),
};

/** POST /v1/channels. `settings` is checked by the channel type's own service. */
export const channelCreateSchema = z.strictObject({
  ...filters,
  type: z.enum(channelTypes),
  enabled: z.boolean().optional(),
  organization: filters.organization.optional(),
  events: filters.events.optional(),
  min_severity: filters.min_severity.optional(),
  printers: filters.printers.optional(),
  tags: filters.tags.optional(),
  retry: filters.retry.optional(),
  expires_after_s: filters.expires_after_s.optional(),
  progress: filters.progress.optional(),
  progress_every: filters.progress_every.optional(),
  auto_disable: filters.auto_disable.partial().optional(),
  quiet_hours: filters.quiet_hours.optional(),
  settings: z.record(z.string(), z.unknown()),
});
export type ChannelCreate = z.infer<typeof channelCreateSchema>;

/** PATCH /v1/channels/{id}: what is left out stays; `settings` are merged key by key, null removes one. */
export const channelPatchSchema = channelCreateSchema.omit({ type: true, enabled: true }).partial();
export type ChannelPatch = z.infer<typeof channelPatchSchema>;

export interface ProgressEvery {
  percent: number | null;
  seconds: number | null;
}

/** What delivery and health know of a channel: the value in the CHANNELS bucket, under the channel's id. */
export interface ChannelCopy {
  id: string;
  account: string;
  name: string;
  type: ChannelType;
  organization: string | null;
  enabled: boolean;
  version: number;
  epoch: number;
  lane: number;
  retry: { mode: 'once' | 'backoff'; attempts: number };
  expires_after_s: number;
  /** `edit`: one message a print, changed as it goes on; `post`: a message each. */
  progress: 'edit' | 'post';
  /** Of a print's progress: the first, then each so many percent, and each so many seconds. Null: all. */
  progress_every: ProgressEvery | null;
  auto_disable: { failures: number; window_h: number };
  /** Fernet token over the settings' JSON. */
  sealed: string;
}

/** A channel as the API shows it, but for what health knows. */
export interface ChannelView extends Omit<ChannelCopy, 'version' | 'epoch' | 'lane' | 'sealed'> {
  events: string[];
  min_severity: string | null;
  printers: string[];
  tags: string[];
  /** The channel's own; null: the organization's or the account's hold. */
  quiet_hours: QuietHours | null;
  settings: Record<string, unknown>;
  disabled_reason: string | null;
  epoch: number;
  created_at: string;
  updated_at: string;
}

export interface ChannelStatus {
  state: 'healthy' | 'failing' | 'disabled';
  reason: string | null;
  failures: number;
  last_success_at: string | null;
  last_failure_at: string | null;
  last_error: string | null;
}

export const lanes = 16;
