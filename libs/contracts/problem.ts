import type { Fault } from './faults.js';

/** A refusal in the form of RFC 9457, the same between services and in the API's answers. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string = '',
    readonly errors?: Fault[],
    readonly retryAfterS?: number,
  ) {
    super(detail ? `${title}: ${detail}` : title);
    this.name = 'Problem';
  }
  toJSON() {
    return {
      type: 'about:blank',
      title: this.title,
      status: this.status,
      ...(this.detail && { detail: this.detail }),
      ...(this.errors && { errors: this.errors }),
    };
  }
}

export const notFound = (what: string, id: string) =>
  new Problem(404, 'Not found', `${what} ${id.slice(0, 80)} does not exist in this account`);
export const invalid = (errors: Fault[], detail = 'The request has faults: each is listed with its path') =>
  new Problem(422, 'Unprocessable content', detail, errors);

/** `waitS`: seconds until its next token is looked at. */
export const tooManyGuesses = (waitS: number) =>
  new Problem(
    429,
    'Too many requests',
    `This address sent too many bad tokens; wait ${waitS} s before the next`,
    undefined,
    waitS,
  );
