import type { Answer } from '../receiver.js';

/** Telegram writes each character of more than seven bits as `\uXXXX`: JsonBuilder.cpp in https://github.com/tdlib/td */
const body = (value: object): string =>
  JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const json = { 'content-type': 'application/json' };

export const taken = (result: object | boolean): Answer => ({ status: 200, headers: json, body: body({ ok: true, result }) });

const words: Record<number, string> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' };

/** https://core.telegram.org/bots/api#making-requests; prose begins in lower case, codes stay in capitals. */
export function refusal(status: number, why = '', parameters?: object): Answer {
  const told = /^[A-Z][A-Z_\d]/.test(why) ? why : why.charAt(0).toLowerCase() + why.slice(1);
  const description = [words[status], told].filter(Boolean).join(': ');
  return {
    status,
    headers: json,
    body: body({ ok: false, error_code: status, description, ...(parameters && { parameters }) }),
  };
}

export const tooMany = (seconds: number): Answer => ({
  status: 429,
  headers: { ...json, 'retry-after': String(seconds) },
  body: body({
    ok: false,
    error_code: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds },
  }),
});
