import { z } from 'zod';
import { checked, type Fault } from './faults.js';

const attributes = z.looseObject({
  specversion: z.literal('1.0', { error: "must be '1.0'" }),
  id: z.string(),
  source: z.string().min(1),
  type: z.string(),
  time: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

/**
 * A CloudEvents 1.0 event, structured mode, as an envelope: id, time and type the same, `data` the rest.
 * Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export function fromCloudEvent(body: unknown): { envelope: unknown } | { errors: Fault[] } {
  const parsed = checked(attributes, body);
  if ('errors' in parsed) return parsed;
  const { id, time, type, data } = parsed.data;
  return { envelope: { ...data, id, type, ...(time !== undefined && { time }) } };
}

/** The structured form of a binary-mode event: `ce-` headers (percent-decoded) around the body. */
export function fromCeHeaders(headers: Record<string, string | string[] | undefined>, data: unknown): Record<string, unknown> {
  const named = Object.entries(headers).filter(([name, value]) => name.startsWith('ce-') && typeof value === 'string');
  return {
    ...Object.fromEntries(named.map(([name, value]) => [name.slice(3), decode(value as string)])),
    ...(data !== undefined && { data }),
  };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
