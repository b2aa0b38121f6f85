import { multipart, type Reply, type Sending } from '#delivery';
import type { PushoverMessage } from './message.js';
import type { PushoverSettings } from './settings.js';

export type Caller = Pick<Sending, 'http' | 'origin'>;

const timeoutMs = 10_000;
/** Up to 2 MiB must go up first. */
const uploadTimeoutMs = 20_000;

/** One POST of JSON: https://pushover.net/api#messages */
export const post = ({ http, origin }: Caller, path: string, fields: object): Promise<Reply> =>
  http.request({
    url: `${origin}/1/${path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
    timeoutMs,
  });

/** One GET; the token goes into the query, as Pushover wants it there. */
export const get = ({ http, origin }: Caller, path: string, token: string): Promise<Reply> =>
  http.request({ url: `${origin}/1/${path}?token=${encodeURIComponent(token)}`, method: 'GET', timeoutMs });

/** Pushes a message, its picture as a file beside it: https://pushover.net/api#attachments */
export async function push(
  message: PushoverMessage,
  { app_token, user_key, device }: PushoverSettings,
  { http, origin, picture }: Caller & Pick<Sending, 'picture'>,
): Promise<Reply> {
  const fields = { token: app_token, user: user_key, ...(device && { device }), ...message };
  if (!picture) return post({ http, origin }, 'messages.json', fields);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  form.append('attachment', new Blob([new Uint8Array(picture.bytes)], { type: picture.content_type }), picture.name);
  return http.request({
    url: `${origin}/1/messages.json`,
    method: 'POST',
    ...(await multipart(form)),
    timeoutMs: uploadTimeoutMs,
  });
}
