import type { z } from 'zod';
import type { Fault } from './envelope.js';

/** `['job', 'tags', 0]` as people read it: `job.tags[0]`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    '',
  );

/** A zod error as faults: one a wrong value, each with its path; unknown keys one by one. */
export function faultsOf(error: z.ZodError): Fault[] {
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
