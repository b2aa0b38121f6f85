import { clip, type Part, type Reply, type Verdict } from '#delivery';
import { type Body, bodyOf, isBlock, oldEdits, waitMs } from './replies.js';
import { type Settings, threadOf, where } from './settings.js';

/** What was left out of the message that is answered. */
export interface Sent {
  without: ReadonlySet<Part>;
}

const gone = (reason: 'gone' | 'auth', meaning: string): Verdict => ({
  outcome: 'gone',
  reason,
  meaning: `${meaning} ${where}.`,
});
const drop = (meaning: string): Verdict => ({ outcome: 'drop', reason: 'invalid', meaning });
const retry = (meaning: string): Verdict => ({ outcome: 'retry', reason: 'server', meaning });
const inFront = retry('What stands in front of Discord refuses Farmbell; not the webhook.');

// codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
const meanings = new Map<unknown, Verdict>([
  [10015, gone('gone', 'The webhook was deleted in Discord. Make a new one and set its URL.')],
  [50027, gone('auth', 'Discord does not know this webhook token. Copy the URL anew.')],
  [160005, drop('The thread is locked. Unlock it in Discord, or set another thread_id.')],
  [220001, drop('This is a forum channel: set thread_id to a post of it.')],
  [40067, drop('This forum wants a tag on every post: set thread_id to a post of it.')],
  [50006, drop('Discord refuses the message as empty.')],
  [50109, drop('Discord refuses the message as no JSON.')],
  [200000, drop("The server's AutoMod blocks this message. Allow the webhook there, or change the message.")],
  [240000, drop('Discord takes a link in this message for a harmful one.')],
  [40333, inFront],
]);

/** What can be left out: what is said while it is, and what is said when it was left out already. */
type Fallback = [part: Part, again: string, refused: string];
const tooLarge: Fallback = [
  'picture',
  'Discord refuses the picture as too large; the message goes without it.',
  'Discord refuses the message as too large.',
];
const reposted = 'it is posted anew.';
const fallbacks = new Map<unknown, Fallback>([
  [40005, tooLarge],
  [50045, tooLarge],
  [
    10008,
    [
      'edit',
      `Discord does not find the message that was to be changed (any more), or not in this thread; ${reposted}`,
      'Discord does not find the message (any more), or not in this thread.',
    ],
  ],
  [
    oldEdits,
    [
      'edit',
      `Discord lets messages that are older than an hour be changed a few times only; ${reposted}`,
      'Discord lets messages that are older than an hour be changed a few times only.',
    ],
  ],
  [
    50083,
    [
      'edit',
      `The thread is archived, so that nothing in it can be changed; ${reposted}`,
      'The thread is archived. Open it again in Discord, or set another thread_id.',
    ],
  ],
  [
    10003,
    [
      'thread',
      'The thread does not exist (any more); the message goes to the channel itself. Set another thread_id, or none.',
      'The thread or channel does not exist (any more). Set another thread_id, or none.',
    ],
  ],
]);

/** Of a message that was taken without something, and then says so. */
const left: Record<Part, string> = {
  picture: 'without its picture, which it refused',
  thread: 'in the channel itself, as the thread does not exist (any more): set another thread_id, or none',
  markup: 'without links, username and avatar_url, one of which it refused: check these settings',
  edit: 'as a new message, as the old one could not be changed',
};

const fallBack = ([part, again, refused]: Fallback, { without }: Sent): Verdict =>
  without.has(part) ? drop(refused) : { outcome: 'again', reason: 'invalid', meaning: again, without: part };

/** What Discord's answer means; undefined: what it means everywhere, such as redirects, outages and time-outs. */
export function verdictOf(
  reply: Reply,
  settings: Pick<Settings, 'url' | 'thread_id'>,
  sent: Sent = { without: new Set() },
): Verdict | undefined {
  const { status } = reply;
  if (status >= 200 && status < 300) return delivered(sent);
  if (status < 400 || status >= 500 || status === 408 || status === 425) return undefined;
  const body = bodyOf(reply);
  if (status === 429 && body?.code !== oldEdits) return slowDown(reply);
  if (body?.code === 220001 && sent.without.has('thread'))
    return drop(
      'The post that thread_id names does not exist (any more), and a forum takes nothing outside of posts. Set another thread_id.',
    );
  const fallback = fallbackOf(reply, body);
  if (fallback && !(fallback[0] === 'thread' && threadOf(settings) === undefined)) return fallBack(fallback, sent);
  return fallback ? drop(fallback[2]) : (meanings.get(body?.code) ?? byStatus(status, body));
}

function delivered({ without }: Sent): Verdict | undefined {
  const parts = [...without].map((part) => left[part]);
  if (parts.length === 0) return undefined;
  return { outcome: 'delivered', reason: null, meaning: `Discord took it ${parts.join('; ')}.` };
}

function fallbackOf({ status }: Reply, body: Body | undefined): Fallback | undefined {
  const known = fallbacks.get(body?.code);
  if (known) return known;
  if (status === 413) return tooLarge;
  if (status !== 400) return undefined;
  // an address in an embed is refused without a code: https://github.com/rogerrum/alertmanager-discord/issues/19
  if (body?.code === undefined && Array.isArray(body?.embeds)) return refusedParts([['embeds.0.url', 'Not a well formed URL.']]);
  return body?.code === 50035 ? refusedParts(faultsOf(body.errors)) : undefined;
}

/** What may be left out of a message, by what Discord names in a refusal. */
const dispensable: [Part, RegExp][] = [
  ['picture', /^(attachments|files|embeds\.\d+\.image)\b/],
  ['markup', /^(username|avatar_url|embeds\.\d+\.url)\b/],
];
type Fault = [path: string, message: string];

/** Undefined: something is wrong that the message cannot go without. */
function refusedParts(faults: Fault[]): Fallback | undefined {
  const parts = faults.map(([path]) => dispensable.find(([, pattern]) => pattern.test(path))?.[0]);
  const [part] = parts;
  if (part === undefined || parts.includes(undefined)) return undefined;
  const refused = refusal(faults);
  const rest = part === 'picture' ? 'the picture' : 'links, username and avatar_url';
  return [part, `${refused} The message goes without ${rest}.`, refused];
}

/** `{embeds: {0: {title: {_errors: [{message}]}}}}` as [`embeds.0.title`, message]. */
function faultsOf(errors: unknown, path: string[] = []): Fault[] {
  if (errors === null || typeof errors !== 'object') return [];
  return Object.entries(errors).flatMap(([key, value]: [string, unknown]) => {
    if (key !== '_errors') return faultsOf(value, [...path, key]);
    return (Array.isArray(value) ? value : []).map(
      (one: { message?: unknown } | null): Fault => [path.join('.'), typeof one?.message === 'string' ? one.message : ''],
    );
  });
}

const told = 300;

const refusal = (faults: Fault[]): string =>
  faults.length === 0
    ? 'Discord refuses the message as invalid; its answer names the field.'
    : `Discord refuses the message as invalid: ${clip(faults.map((fault) => fault.join(': ')).join('; '), told)}`;

function byStatus(status: number, body: Body | undefined): Verdict {
  // what does not come from Discord itself proves nothing of the webhook
  const code = typeof body?.code === 'number' ? body.code : undefined;
  if (code === 50035) return drop(refusal(faultsOf(body?.errors)));
  if (status === 401 && code !== undefined) return gone('auth', 'Discord refuses the webhook.');
  if (status === 403 && code) return gone('auth', 'Discord refuses the webhook.');
  if (status === 404 && code !== undefined) return gone('gone', 'Discord does not know this webhook.');
  if (status === 401 || status === 403 || status === 404) return inFront;
  return drop(`Discord refuses the message (HTTP ${status}); its answer says why.`);
}

function slowDown(reply: Reply): Verdict {
  const meaning = isBlock(reply)
    ? 'Discord blocks the address that Farmbell calls from for a while, as too many calls from it were refused. All Discord channels wait.'
    : 'Discord asks to slow down; the next attempt waits as it says.';
  return { outcome: 'retry', reason: 'rate_limited', meaning, retryAfterMs: waitMs(reply) };
}
