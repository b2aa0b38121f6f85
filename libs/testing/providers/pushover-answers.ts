import { randomUUID } from 'node:crypto';
import type { Answer } from '../receiver.js';

/** What is wrong with a parameter, as Pushover's answer names it: `{"user":"invalid","errors":["user key is invalid"]}`. */
export type Wrong = [parameter: string, word: string, sentence: string];

export const taken = (more: object = {}): Answer => ({ status: 200, body: { status: 1, ...more, request: randomUUID() } });

/** https://pushover.net/api#response */
export const refused = (wrongs: readonly Wrong[], more: object = {}, status = 400): Answer => ({
  status,
  body: {
    ...Object.fromEntries(wrongs.map(([parameter, word]) => [parameter, word])),
    ...more,
    errors: wrongs.map(([, , sentence]) => sentence),
    status: 0,
    request: randomUUID(),
  },
});

export const wrongToken: Wrong = ['token', 'invalid', 'application token is invalid, see https://pushover.net/api'];
export const wrongUser: Wrong = [
  'user',
  'invalid',
  'user identifier is not a valid user, group, or subscribed user key, see https://pushover.net/api#identifiers',
];
export const wrongDevice: Wrong = ['device', 'invalid for this user', 'device name is not valid for user'];
export const wrongReceipt: Wrong = ['receipt', 'not found', 'receipt not found; may be invalid or expired'];

/** The month is used up; the token is called invalid then: https://github.com/Tautulli/Tautulli/issues/396 */
export const quotaExceeded = (limit: number): Answer =>
  refused([['token', 'invalid', `application has exceeded current limit of ${limit} messages`]], {}, 429);

const page = (status: number, words: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html', server: 'nginx' },
  body: `<html>\n<head><title>${status} ${words}</title></head>\n<body>\n<center><h1>${status} ${words}</h1></center>\n</body>\n</html>\n`,
});

/** What stands in front, once it has had enough of an address: no JSON and no X-Limit headers. Pushover does not document it. */
export const blocked = page(403, 'Forbidden');
/** https://github.com/qbit/node-pushover/issues/27 */
export const tooFast = page(429, 'Too Many Requests');
export const unknownPage = page(404, 'Not Found');
export const wrongMethod = page(405, 'Method Not Allowed');
