import type { Answer } from '../receiver.js';
import type { Wrong } from './discord-rules.js';

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const errors = {
  10003: [404, 'Unknown Channel'],
  10008: [404, 'Unknown Message'],
  10015: [404, 'Unknown Webhook'],
  30015: [400, 'Maximum number of attachments in a message reached (10)'],
  40005: [413, 'Request entity too large'],
  40333: [403, 'internal network error'],
  50006: [400, 'Cannot send an empty message'],
  50083: [400, 'Thread is archived'],
  50027: [401, 'Invalid Webhook Token'],
  50035: [400, 'Invalid Form Body'],
  50109: [400, 'The request body contains invalid JSON.'],
  160005: [400, 'Thread is locked'],
  220001: [400, 'Webhooks posted to forum channels must have a thread_name or thread_id'],
  220002: [400, 'Webhooks posted to forum channels cannot have both a thread_name and thread_id'],
  220003: [400, 'Webhooks can only create threads in forum channels'],
} as const;
export type DiscordCode = keyof typeof errors;

export function refusal(code: DiscordCode, wrongs: readonly Wrong[] = []): Answer {
  const [status, message] = errors[code];
  return { status, body: { message, code, ...(wrongs.length > 0 && { errors: treeOf(wrongs) }) } };
}

/** A page that Discord does not have. */
export const unknownPage: Answer = { status: 404, body: { message: '404: Not Found', code: 0 } };

/**
 * A message that is refused. An address in an embed is refused without a code:
 * https://github.com/rogerrum/alertmanager-discord/issues/19
 */
export function invalidMessage(wrongs: readonly Wrong[]): Answer {
  const embed = wrongs.find(([path, code]) => path.startsWith('embeds.') && code === 'URL_TYPE_INVALID_URL');
  return embed ? { status: 400, body: { embeds: [embed[0].split('.')[1]] } } : refusal(50035, wrongs);
}

/** https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit */
export const slowDown = (waitS: number, scope: string, headers: Record<string, string>): Answer => ({
  status: 429,
  headers: { ...headers, 'retry-after': String(Math.ceil(waitS)), 'x-ratelimit-scope': scope },
  body: { message: 'You are being rate limited.', retry_after: waitS, global: false },
});

/** It comes as 429 with a code: https://github.com/aikaterna/aikaterna-cogs/issues/302 */
export const tooManyOldEdits = (waitS: number): Answer => ({
  status: 429,
  headers: { 'retry-after': String(Math.ceil(waitS)) },
  body: {
    message: 'Maximum number of edits to messages older than 1 hour reached. Try again later.',
    code: 30046,
    retry_after: waitS,
    global: false,
  },
});

/** What stands in front of Discord, once it has had enough of an address: no JSON, no X-RateLimit headers. */
export const cloudflareBlock: Answer = {
  status: 429,
  headers: { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' },
  body: '<!doctype html><title>Access denied | discord.com used Cloudflare to restrict access</title>error code: 1015',
};

/** `embeds.0.title` as Discord nests it: {embeds: {0: {title: {_errors: […]}}}}. */
function treeOf(wrongs: readonly Wrong[]): object {
  type Tree = { [key: string]: Tree | object[] };
  const root: Tree = {};
  for (const [path, code, message] of wrongs) {
    const leaf = path.split('.').reduce<Tree>((node, key) => {
      node[key] ??= {};
      return node[key] as Tree;
    }, root);
    leaf._errors = [...((leaf._errors as object[] | undefined) ?? []), { code, message }];
  }
  return root;
}
