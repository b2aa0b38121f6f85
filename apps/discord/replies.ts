import { longestWaitMs, type Reply, retryAfter } from '#delivery';

/** What Discord's answers hold, as far as anybody may know: each key may be anything. */
export interface Body {
  code?: unknown;
  errors?: unknown;
  embeds?: unknown;
  retry_after?: unknown;
  global?: unknown;
  id?: unknown;
  channel_id?: unknown;
  type?: unknown;
}

/** Undefined: no JSON object, so that it is not from Discord itself. */
export function bodyOf({ body }: Pick<Reply, 'body'>): Body | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return parsed !== null && typeof parsed === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Too many edits of messages that are older than an hour. It comes as 429 and is about edits alone: https://github.com/discord/discord-api-docs/issues/4413 */
export const oldEdits = 30046;

/** What a block of our address lasts at least, when nothing is said. */
const blockMs = 60_000;

/**
 * Whether what stands in front of Discord blocks this address: then there is neither a limit's header nor its time.
 * https://github.com/discord/discord-api-docs/issues/5385
 */
export const isBlock = (reply: Reply): boolean =>
  reply.status === 429 &&
  !Object.keys(reply.headers).some((name) => name.startsWith('x-ratelimit-')) &&
  typeof bodyOf(reply)?.retry_after !== 'number';

/** How long a 429 asks to wait. Seconds from the body, with decimals; else the header: https://discord.com/developers/docs/topics/rate-limits */
export function waitMs(reply: Reply): number {
  const seconds = bodyOf(reply)?.retry_after;
  const header = retryAfter(reply.headers['retry-after'], Date.now());
  const told = typeof seconds === 'number' && seconds >= 0 ? Math.ceil(seconds * 1000) : header;
  return Math.min(isBlock(reply) ? told || blockMs : (told ?? blockMs), longestWaitMs);
}
