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

function every(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: 'is not a known key' }));
    }
    const missing = issue.code === 'invalid_type' && issue.input === undefined;
    return [
      {
        path: pathText(issue.path),
        message: missing ? 'is required' : lowerFirst(issue.message.replace(/^Invalid input: /, '')),
      },
    ];
  });
}

const lowerFirst = (text: string) => (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text);
