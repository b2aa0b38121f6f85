import { z } from 'zod';
import {
  accountPattern,
  channelTypes,
  envelopeSchema,
  eventIdPattern,
  outcomes,
  quietHoursSchema,
  reasons,
  replayStates,
  severities,
  text,
  weekdays,
} from '#contracts';
import { plans, tokenScopes } from '../access/rows.js';
import { decisions } from '../controllers/why.js';

/** What the API answers, for its documentation. What it takes stands in #contracts, but for tokens and accounts. */
const time = z.iso.datetime();
const when = time.nullable();
export const fault = z.strictObject({ path: z.string(), message: z.string() });
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(fault).optional(),
});

const taken = z.strictObject({ id: z.string(), duplicate: z.boolean() });
export const published = z.union([
  taken,
  z.strictObject({ results: z.array(z.union([taken, z.strictObject({ errors: z.array(fault) })])) }),
]);
export const events = z.union([envelopeSchema, z.array(envelopeSchema).min(1).max(1000)]);
export const cloudEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().regex(eventIdPattern),
  source: z.string().min(1),
  type: z.string(),
  time: time.optional(),
  data: envelopeSchema.omit({ id: true, type: true, time: true }).optional(),
});
export const event = envelopeSchema
  .required({ id: true, severity: true, time: true, title: true, message: true, account: true })
  .extend({ snapshot: z.strictObject({ url: z.string() }).optional() });

export const eventType = z.strictObject({
  type: z.string(),
  category: z.string(),
  severity: z.enum(severities),
  title: z.string(),
  description: z.string(),
  vendors: z.strictObject({
    printago: z.string().optional(),
    simplyprint: z.string().optional(),
    odin: z.string().optional(),
    octoeverywhere: z.int().optional(),
  }),
});
export const channelType = z.strictObject({ type: z.enum(channelTypes), settings: z.unknown().describe('a JSON Schema') });
export const whole = <T extends z.ZodType>(one: T) => z.strictObject({ data: z.array(one), next_cursor: z.null() });

export const channel = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(channelTypes),
  enabled: z.boolean(),
  organization: z.string().nullable(),
  events: z.array(z.string()),
  min_severity: z.enum(severities).nullable(),
  printers: z.array(z.string()),
  tags: z.array(z.string()),
  settings: z.record(z.string(), z.unknown()).describe('secrets masked; those just generated are shown once'),
  retry: z.strictObject({ mode: z.enum(['once', 'backoff']), attempts: z.int() }),
  expires_after_s: z.int(),
  progress: z.enum(['edit', 'post']),
  progress_every: z.strictObject({ percent: z.number().nullable(), seconds: z.int().nullable() }).nullable(),
  auto_disable: z.strictObject({ failures: z.int(), window_h: z.int() }),
  quiet_hours: quietHoursSchema.nullable().describe("its own; null: the organization's or the account's hold"),
  status: z.strictObject({
    state: z.enum(['healthy', 'failing', 'disabled']),
    reason: z.string().nullable(),
    failures: z.int().nullable().describe('null while the health service does not answer'),
    last_success_at: when,
    last_failure_at: when,
    last_error: z.string().nullable(),
  }),
  created_at: time,
  updated_at: time,
});
export const tested = z.strictObject({
  delivery_id: z.string(),
  outcome: z.enum(outcomes).nullable(),
  status: z.int().nullable().describe("the provider's HTTP status"),
  latency_ms: z.int().nullable(),
  reason: z.enum(reasons).nullable(),
  meaning: z.string(),
});

export const replay = z.strictObject({
  id: z.string(),
  channel_id: z.string(),
  total: z.int().describe('deliveries to send anew'),
  done: z.int().describe('sent out so far; how each fares is in GET /v1/deliveries'),
  state: z.enum(replayStates),
  created_at: time,
});

export const why = z.strictObject({
  event_id: z.string(),
  channels: z.array(
    z.strictObject({
      channel_id: z.string(),
      name: z.string(),
      decision: z.enum(decisions),
      detail: z.string().describe('the deciding reason, in words'),
      delivery_id: z.string().nullable(),
    }),
  ),
});

export const organization = z.strictObject({ id: z.string(), name: z.string() });
export const printer = z.strictObject({
  id: z.string(),
  name: z.string().nullable(),
  model: z.string().nullable(),
  tags: z.array(z.string()),
  location: z.string().nullable(),
  organization: z.string().nullable(),
});

export const quietHours = z.strictObject({
  enabled: z.boolean(),
  start: z.string().nullable(),
  end: z.string().nullable().describe('no longer part of it; the next day where it is before start'),
  timezone: z.string().nullable(),
  days: z.array(z.enum(weekdays)).describe('on which a window starts; empty: every day'),
  digest: z.boolean(),
  allow_severity: z.enum(severities).nullable().describe('what is as grave gets through; null: nothing does'),
  set_by: z.enum(['account', 'organization']).nullable().describe('whose these are; null: nobody has set any'),
});

export const appConnection = z.strictObject({
  id: z.string(),
  name: z.string(),
  printer_id: z.string(),
  channel_id: z.string().nullable().describe('null while the app has set no webhook'),
  expires_at: when.describe('180 days after the last SetNotificationWebhook'),
  created_at: time,
});
export const appConnectionMade = z.strictObject({ id: z.string(), app_token: z.string().describe('shown once') });
export const octoEverywhereFault = z.strictObject({ ErrorType: z.string(), ErrorDetails: z.string() });

export const delivery = z.strictObject({
  id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  channel_id: z.string(),
  channel_type: z.enum(channelTypes),
  outcome: z.enum(outcomes).nullable(),
  reason: z.enum(reasons).nullable(),
  created_at: time,
  finished_at: when,
  next_attempt_at: when,
  replay_of: z.string().nullable(),
  folded_into: z.string().nullable().describe("the summary's delivery, whose outcome is this one's"),
  acknowledged: z
    .strictObject({ at: time, by: z.string().nullable() })
    .nullable()
    .describe('who acknowledged it at the provider, where that is asked for'),
  attempts: z.array(
    z.strictObject({
      n: z.int(),
      at: time,
      latency_ms: z.number(),
      status: z.int().nullable(),
      reason: z.enum(reasons).nullable(),
      answer: z.string(),
    }),
  ),
});
export const rejected = z.strictObject({ at: time, subject: z.string(), errors: z.array(fault), body: z.string() });

const name = text(300).min(1, 'must not be empty');
export const tokenCreate = z.strictObject({
  name,
  scopes: z
    .array(z.enum(tokenScopes))
    .min(1, 'must name at least one of publish, read, manage')
    .max(3)
    .transform((scopes) => tokenScopes.filter((scope) => scopes.includes(scope))),
  expires_at: z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 date and time, e.g. 2027-03-01T12:00:00Z, or null: never' })
    .refine((at) => Date.parse(at) > Date.now(), 'lies in the past')
    .nullable()
    .optional(),
});
export const token = z.strictObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(tokenScopes)),
  created_at: time,
  expires_at: when,
});
export const tokenMade = token.extend({ token: z.string().describe('shown once') });

export const accountCreate = z.strictObject({
  id: z.string().regex(accountPattern, 'must be 1 to 64 characters of A-Z a-z 0-9 _ -'),
  name: name.optional(),
  plan: z.enum(plans).optional().describe('hobby when left out; webhook channels need commercial'),
});
export const accountPatch = z.strictObject({ name, plan: z.enum(plans) }).partial();
export const account = z.strictObject({ id: z.string(), name: z.string(), plan: z.enum(plans), created_at: time });
