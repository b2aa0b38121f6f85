import type { MessageRef, Reply } from '#delivery';
import type { Settings } from './settings.js';

/** What the Bot API answers, as far as anybody may know: each key may be anything. https://core.telegram.org/bots/api#making-requests */
export interface Body {
  ok?: unknown;
  result?: Record<string, unknown>;
  error_code?: unknown;
  description?: unknown;
  parameters?: { retry_after?: unknown; migrate_to_chat_id?: unknown };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Undefined: no JSON of the Bot API, so that it is from what stands in front of it. */
export function bodyOf({ body }: Pick<Reply, 'body'>): Body | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (!isObject(parsed) || typeof parsed.ok !== 'boolean') return undefined;
    const { ok, error_code, description, result, parameters } = parsed;
    return {
      ok,
      error_code,
      description,
      ...(isObject(result) && { result }),
      ...(isObject(parameters) && { parameters }),
    };
  } catch {
    return undefined;
  }
}

/**
 * Telegram repeats the text of a message with each character of more than seven bits as `\uXXXX`, so that the answer to a long one
 * does not come whole: what it begins with must do.
 */
export const isTaken = (reply: Reply): boolean =>
  reply.status === 200 && (reply.body.startsWith('{"ok":true,') || bodyOf(reply)?.ok === true);

interface Sent {
  message_id: number;
  /** The largest size last, as Telegram lists them. */
  photo?: { file_id?: unknown; width?: unknown; height?: unknown }[];
}

/** The message that was sent; the id stands at the beginning, the sizes of the picture before its caption. */
function sentBy(reply: Reply): Sent | undefined {
  if (!isTaken(reply)) return undefined;
  const whole = bodyOf(reply)?.result;
  const id = whole ? whole.message_id : Number(/^\{"ok":true,"result":\{"message_id":(\d+),/.exec(reply.body)?.[1]);
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return undefined;
  const listed = whole ? whole.photo : listIn(/"photo":(\[[^[\]]*\])/.exec(reply.body)?.[1]);
  const photo = Array.isArray(listed) ? listed.filter(isObject) : [];
  return { message_id: id, ...(photo.length > 0 && { photo }) };
}

/** A key within a text is not mistaken for it: there its quotes are escaped. */
function listIn(json: string | undefined): unknown {
  try {
    return json && JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Of which chat it is, too: ids count anew in each, and the channel may be given another. */
export function refOf(reply: Reply, { chat_id }: Pick<Settings, 'chat_id'>): MessageRef | undefined {
  const sent = sentBy(reply);
  return sent && { message_id: sent.message_id, photo: sent.photo !== undefined, chat_id };
}

/** By which the bot sends the same picture again, without its bytes: https://core.telegram.org/bots/api#sending-files */
export function fileOf(reply: Reply): string | undefined {
  const area = ({ width, height }: { width?: unknown; height?: unknown }) => Number(width) * Number(height) || 0;
  const largest = sentBy(reply)?.photo?.reduce((one, other) => (area(other) >= area(one) ? other : one));
  return typeof largest?.file_id === 'string' ? largest.file_id : undefined;
}
