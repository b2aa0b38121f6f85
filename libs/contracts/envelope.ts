import { z } from 'zod';
import { severities } from './catalogue.js';
import { type Fault, quoted } from './faults.js';

/**
 * The envelope: an event as publishers send it and as the `farmbell` webhook format delivers it.
 * Texts are bounded in Unicode code points; U+0000 and lone surrogates are refused everywhere.
 */
export const eventIdPattern = /^[A-Za-z0-9._:-]{1,64}$/;
export const accountPattern = /^[A-Za-z0-9_-]{1,64}$/;

export const limits = {
  eventBytes: 64 * 1024,
  dataBytes: 32 * 1024,
  dataDepth: 20,
  snapshotBytes: 2 * 1024 * 1024,
  aheadMs: 24 * 3600_000,
  /** Code points. */
  title: 500,
  message: 8000,
};

/** A text of at most `max` code points, free of U+0000 and lone surrogates. */
export const text = (max: number) =>
  z
    .string()
    .max(max * 2, { error: `longer than ${max} characters`, abort: true })
    .refine((s) => s.length <= max || [...s].length <= max, `longer than ${max} characters`)
    .refine((s) => !s.includes('\0'), 'contains U+0000')
    .refine((s) => s.isWellFormed(), 'contains a lone surrogate');

const id = text(300);
const amount = z.number().min(0).max(1e12);
const whole = z.int().min(0);
const wrongTime = 'must be an RFC 3339 date and time, e.g. 2026-03-01T12:00:00Z';
// the length first: the pattern's own engine has its limits
const time = z
  .string(wrongTime)
  .max(100, { error: wrongTime, abort: true })
  .pipe(z.iso.datetime({ offset: true, error: wrongTime }));
const link = text(1000).refine((s) => {
  const url = URL.parse ? URL.parse(s) : URL.canParse(s) ? new URL(s) : null;
  return url?.protocol === 'https:' || url?.protocol === 'http:';
}, 'must be an http or https URL');

export const printerSchema = z
  .strictObject({ id, name: id, model: text(1000), tags: z.array(text(300)).max(100), location: text(1000) })
  .partial();

export const snapshotSchema = z.union(
  [
    z.strictObject({ url: link }),
    z.strictObject({ content_type: z.enum(['image/jpeg', 'image/png', 'image/webp']), base64: z.base64() }),
  ],
  { error: 'must be {url} or {content_type, base64}' },
);

export const envelopeSchema = z.strictObject({
  id: z.string().regex(eventIdPattern, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ : -').optional(),
  type: z.string().max(200),
  severity: z.enum(severities).optional(),
  time: time.optional(),
  title: text(limits.title).optional(),
  message: text(limits.message).optional(),
  account: text(300).optional(),
  organization: id.optional(),
  printer: printerSchema.optional(),
  job: z
    .strictObject({
      id,
      name: id,
      file: text(1000),
      progress: z.number().min(0).max(100),
      duration_s: amount,
      remaining_s: amount,
      layer: whole,
      layers: whole,
      z_mm: z.number().min(-1e6).max(1e6),
      started_at: time,
      ended_at: time,
      error: text(8000),
      error_code: text(1000),
      external: z.boolean(),
    })
    .partial()
    .optional(),
  order: z
    .strictObject({ id, number: text(300), source: text(1000), total: z.number() })
    .partial()
    .optional(),
  maintenance: z
    .strictObject({ id, task: text(1000), due_at: time })
    .partial()
    .optional(),
  material: z
    .strictObject({
      id,
      name: id,
      type: text(1000),
      color: text(1000),
      used_g: amount,
      remaining_g: amount,
      remaining_percent: z.number().min(0).max(100),
    })
    .partial()
    .optional(),
  user: z.strictObject({ id, first_name: id, last_name: id }).partial().optional(),
  link: link.optional(),
  snapshot: snapshotSchema.optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

export type Envelope = z.infer<typeof envelopeSchema>;
export type Printer = z.infer<typeof printerSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;

/** A stored picture: its bytes lie in the object store under `id`; an event carries this reference, never the bytes. */
export interface StoredSnapshot {
  id: string;
  content_type: string;
  bytes: number;
}

/** An accepted event: complete, of one account, as it lies in the EVENTS stream. */
export interface FarmEvent extends Omit<Envelope, 'snapshot'> {
  id: string;
  severity: NonNullable<Envelope['severity']>;
  time: string;
  title: string;
  message: string;
  account: string;
  snapshot?: { url: string } | StoredSnapshot;
}

/** What is wrong inside free `data`: size, depth, characters. Walks no deeper than the bound allows. */
export function dataFaults(data: unknown): Fault[] {
  const faults: Fault[] = [];
  const walk = (value: unknown, path: string, depth: number): void => {
    if (faults.length >= 10) return;
    if (typeof value === 'string') {
      if (value.includes('\0')) faults.push({ path, message: 'contains U+0000' });
      if (!value.isWellFormed()) faults.push({ path, message: 'contains a lone surrogate' });
    } else if (typeof value === 'number') {
      // protobuf knows them, JSON does not: it would store null
      if (!Number.isFinite(value)) faults.push({ path, message: 'is not a finite number' });
    } else if (value !== null && typeof value === 'object') {
      if (depth >= limits.dataDepth) {
        faults.push({ path, message: `is nested deeper than ${limits.dataDepth} levels` });
        return;
      }
      for (const [key, child] of Object.entries(value)) {
        if (key.includes('\0') || !key.isWellFormed())
          faults.push({ path, message: 'has a key with U+0000 or a lone surrogate' });
        else walk(child, Array.isArray(value) ? `${path}[${key}]` : `${path}.${quoted(key)}`, depth + 1);
      }
    }
  };
  walk(data, 'data', 0);
  if (faults.length === 0 && Buffer.byteLength(JSON.stringify(data)) > limits.dataBytes) {
    faults.push({ path: 'data', message: `is larger than ${limits.dataBytes / 1024} KiB` });
  }
  return faults;
}
