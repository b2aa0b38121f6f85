import type { z } from 'zod';

/** What is wrong, and where. */
export interface Fault {
  path: string;
  message: string;
}

/** At most so many faults are told of one body: an answer must not outgrow what it answers. */
export const mostFaults = 100;

/** A publisher's own words, as an error may repeat them: short, and free of what JSON stores refuse. */
export const quoted = (text: string): string => text.slice(0, 80).toWellFormed().replaceAll('\0', '\ufffd');

/** `['job', 'tags', 0]` as people read it: `job.tags[0]`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text ? `${text}.${quoted(String(part))}` : quoted(String(part));
  }, '');

/** A zod error as faults: one a wrong value, each with its path; unknown keys one by one. */
export function faultsOf(error: z.ZodError): Fault[] {
  const faults = every(error);
  const more = faults.length - mostFaults;
  return more <= 0 ? faults : [...faults.slice(0, mostFaults), { path: '', message: `has ${more} more faults` }];
}

/**
 * What a schema makes of a value, or its faults. zod compares the `length` of whatever has one, also of what is no text or
 * list, and throws where that cannot be compared: such an object is a fault like any other.
 */
export function checked<S extends z.ZodType>(schema: S, value: unknown): { data: z.output<S> } | { errors: Fault[] } {
  try {
    const parsed = schema.safeParse(value, { reportInput: true });
    return parsed.success ? { data: parsed.data } : { errors: faultsOf(parsed.error) };
  } catch (error) {
    const path = unmeasurable(value, [], 20);
    if (path === undefined) throw error;
    return { errors: [{ path: pathText(path), message: 'has the wrong type' }] };
  }
}

/** Where the first object lies whose `length` is itself an object; walks no deeper than told. */
function unmeasurable(value: unknown, path: PropertyKey[], depth: number): PropertyKey[] | undefined {
  if (value === null || typeof value !== 'object' || depth === 0) return undefined;
  if (!Array.isArray(value) && typeof (value as { length?: unknown }).length === 'object') return path;
  for (const [key, child] of Object.entries(value)) {
    const found = unmeasurable(child, [...path, Array.isArray(value) ? Number(key) : key], depth - 1);
    if (found) return found;
  }
  return undefined;
}

function every(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: 'is not a known key' }));
    }
    const said = issue.message.replace(/^Invalid input: /, '');
    const missing = issue.code === 'invalid_type' && issue.input === undefined;
    // what the schema itself says of a right value helps with a missing one too
    const required = said === issue.message ? `is required: ${said}` : 'is required';
    return [{ path: pathText(issue.path), message: missing ? required : lowerFirst(said) }];
  });
}

const lowerFirst = (text: string) => (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text);
