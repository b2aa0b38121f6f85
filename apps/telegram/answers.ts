import { longestWaitMs, type Part, type Reply, retryAfter, type Verdict } from '#delivery';
import { bodyOf, isTaken } from './replies.js';
import { type Settings, where } from './settings.js';

/** What was left out of the message that is answered. */
export interface Sent {
  without: ReadonlySet<Part>;
}

const gone = (meaning: string): Verdict => ({ outcome: 'gone', reason: 'gone', meaning });
const rights = (meaning: string): Verdict => ({ outcome: 'retry', reason: 'auth', meaning });
const drop = (meaning: string): Verdict => ({ outcome: 'drop', reason: 'invalid', meaning });
const again = (without: Part, meaning: string): Verdict => ({ outcome: 'again', reason: 'invalid', without, meaning });

const noPicture = again('picture', 'Telegram refuses the picture; the message goes without it.');
const noMarkup = again('markup', 'Telegram cannot read the markup; the message goes as plain text.');
const anew = again('edit', 'Telegram cannot change the message that was to be changed; a new one is sent.');
const noTopic = (what: string) =>
  again('thread', `${what}; the message goes to the chat itself. Set another message_thread_id, or none. ${where.thread}.`);
const wrongToken = { outcome: 'gone', reason: 'auth', dead: 'bot_token' } as const;
const mayNot = 'Open the chat in Telegram and make the bot an administrator, or let all members send messages.';

/**
 * What a refusal says, in lower case, and what that means; the first that is found counts. Its words are all that tells one from
 * another, and of codes in capitals the server passes on most: Client::fail_query_with_error in
 * https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp
 */
export const meanings: readonly (readonly [words: readonly string[], verdict: Verdict])[] = [
  [['message is not modified'], { outcome: 'delivered', reason: null, meaning: 'The message in Telegram reads so already.' }],
  [
    [
      'message to edit not found',
      "message can't be edited",
      'there is no text in the message to edit',
      'there is no caption in the message to edit',
      'there is no media in the message to edit',
      'message_id_invalid',
      'message_edit_time_expired',
      'message_author_required',
    ],
    anew,
  ],
  [["can't parse entities", 'entity_bounds_invalid', 'entities_too_long'], noMarkup],
  [
    [
      'wrong http url',
      'failed to get http url content',
      'wrong type of the web page content',
      'photo has unsupported extension',
      'photo_',
      'image_process_failed',
      'media_empty',
      'media_invalid',
      'file_reference_',
      'wrong file identifier',
      'wrong remote file identifier',
      'wrong file_id',
      'invalid file',
      "can't use file of type",
      'type of file mismatch',
      'there is no photo in the request',
      'file must be non-empty',
      'file is too big',
      'too big for a photo',
      'request entity too large',
    ],
    noPicture,
  ],
  [
    [
      'not enough rights to send photos',
      'not enough rights to send media',
      'chat_send_photos_forbidden',
      'chat_send_media_forbidden',
    ],
    again(
      'picture',
      'The bot may not send pictures in this chat; the message goes without. To get them, let it send photos in Telegram.',
    ),
  ],
  [['message thread not found', 'topic_deleted', 'topic_id_invalid'], noTopic('Telegram does not know the topic (any more)')],
  [['topic_closed'], noTopic('The topic is closed')],
  [['message is too long', 'message_too_long'], drop('Telegram refuses the message as too long.')],
  [['caption is too long', 'media_caption_too_long'], drop('Telegram refuses the caption of the picture as too long.')],
  [['text is empty', 'message_empty', 'must be non-empty'], drop('Telegram refuses the message as empty.')],
  [
    ['method not found'],
    drop('This Bot API server does not know the method: install a newer one, or check FARMBELL_TELEGRAM_ORIGIN.'),
  ],
  [
    ['blocked by the user', 'user_is_blocked'],
    gone('The user has blocked the bot. They open its chat in Telegram and press Restart; then enable the channel.'),
  ],
  [['user is deactivated', 'input_user_deactivated'], gone('The user has deleted their Telegram account. Set another chat_id.')],
  [
    ["can't initiate conversation", "bot can't send messages to the user"],
    gone('A bot may not write first. The user opens its chat in Telegram and presses Start; then enable the channel.'),
  ],
  [
    ["can't send messages to bots", "can't send messages to the bot"],
    gone('This chat_id is of a bot, and bots cannot write to bots. Set another.'),
  ],
  [
    ['bot was kicked', 'bot is not a member', 'user_banned_in_channel', 'channel_private', 'member list is inaccessible'],
    gone(
      'The bot is not in this chat (any more). Add it there in Telegram, to a channel as administrator; then enable the channel.',
    ),
  ],
  [
    ['group chat was deleted', 'group chat was deactivated', 'channel_invalid'],
    gone(`The group was deleted in Telegram. Set another chat_id. ${where.chat}.`),
  ],
  [
    ['chat not found', 'peer_id_invalid', 'chat_id is empty', 'chat_id_invalid', 'user not found', 'username_not_occupied'],
    gone(
      `Telegram does not find this chat for the bot: the chat_id is wrong, or nobody has pressed Start in its chat or added it to the group. ${where.chat}.`,
    ),
  ],
  [
    ['upgraded to a supergroup'],
    gone(`The group was upgraded to a supergroup and has a new id. Set chat_id to it. ${where.chat}.`),
  ],
  [
    [
      'not enough rights',
      'have no rights',
      'need administrator rights',
      'have no write access',
      'chat_write_forbidden',
      'chat_restricted',
      'chat_admin_required',
      'chat_send_plain_forbidden',
      'chat_guest_send_forbidden',
    ],
    rights(`The bot may not write in this chat. ${mayNot}`),
  ],
];

/** What a message was taken without, for who reads how the delivery ended. */
const left: Record<Part, string> = {
  picture: 'without its picture, which it refuses',
  markup: 'as plain text, as it could not read the markup',
  thread: `in the chat itself, as the topic is closed or gone: set another message_thread_id, or none. ${where.thread}`,
  edit: 'as a new message, as the old one could not be changed',
};

/** Undefined: the common table knows, as with outages and what stands in front of Telegram. */
export function verdictOf(reply: Reply, settings: Pick<Settings, 'message_thread_id'>, sent?: Sent): Verdict | undefined {
  if (reply.status === 429) return slowDown(reply);
  // what stands in front of the Bot API refuses large uploads with a page of its own
  if (reply.status === 413) return fallBack(noPicture, settings, sent);
  if (isTaken(reply)) return taken(sent);
  const body = bodyOf(reply);
  if (!body) return undefined;
  const moved = body.parameters?.migrate_to_chat_id;
  if (Number.isSafeInteger(moved)) return movedTo(String(moved));
  const says = typeof body.description === 'string' ? body.description.toLowerCase() : '';
  // a proxy may answer 200 to all
  const status = reply.status >= 300 || typeof body.error_code !== 'number' ? reply.status : body.error_code;
  if (status === 429) return slowDown(reply);
  if (status === 400 || status === 403 || status === 404) {
    const known = meanings.find(([words]) => words.some((one) => says.includes(one)));
    if (known) return fallBack(known[1], settings, sent);
  }
  return ofStatus(status);
}

function ofStatus(status: number): Verdict | undefined {
  if (status === 401)
    return {
      ...wrongToken,
      meaning: `Telegram does not know the bot token (any more), in no channel that has it. Set the new one. ${where.token}.`,
    };
  if (status === 404)
    return { ...wrongToken, meaning: `Telegram takes the bot token for none: copy the whole of it anew. ${where.token}.` };
  if (status === 403) return rights(`Telegram forbids the bot to write in this chat; its answer says why. ${mayNot}`);
  if (status === 400) return drop('Telegram refuses the message; its answer says why.');
  if (status >= 200 && status < 300) return { outcome: 'retry', reason: 'server', meaning: 'Telegram did not take the message.' };
  return undefined;
}

/** The group got a new id: https://core.telegram.org/bots/api#responseparameters */
const movedTo = (chat_id: string): Verdict => ({
  outcome: 'again',
  reason: 'invalid',
  moved: { chat_id },
  meaning: `The group was upgraded to a supergroup: its chat_id is ${chat_id} from now on.`,
});

/** What is refused although it was left out, or was never there. */
const refused: Record<Part, Verdict> = {
  picture: drop('Telegram refuses a picture where none was sent; its answer says more.'),
  markup: drop('Telegram refuses the message also as plain text; its answer says why.'),
  thread: rights('The General topic of this chat is closed. Open it again in Telegram, or set message_thread_id to another.'),
  edit: drop('Telegram refuses a new message as it refused the change; its answer says why.'),
};

function fallBack(verdict: Verdict, { message_thread_id }: Pick<Settings, 'message_thread_id'>, sent?: Sent): Verdict {
  const part = verdict.without;
  if (part === undefined) return verdict;
  const absent = sent?.without.has(part) || (part === 'thread' && message_thread_id === undefined);
  return absent ? refused[part] : verdict;
}

function taken(sent: Sent | undefined): Verdict {
  const without = [...(sent?.without ?? [])].map((part) => left[part]);
  const meaning = without.length ? `Telegram took the message ${without.join('; ')}.` : 'Telegram took the message.';
  return { outcome: 'delivered', reason: null, meaning };
}

/** What the server itself asks to wait where it knows no better. */
const usualWaitMs = 60_000;

/** Seconds in the body, else the header: https://core.telegram.org/bots/api#responseparameters */
export function waitMs(reply: Reply): number {
  const seconds = bodyOf(reply)?.parameters?.retry_after;
  const told = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : retryAfter(reply.headers['retry-after'], Date.now());
  return Math.min(Math.ceil(told ?? usualWaitMs), longestWaitMs);
}

const slowDown = (reply: Reply): Verdict => ({
  outcome: 'retry',
  reason: 'rate_limited',
  meaning: 'Telegram asks this bot to slow down; nothing of it is sent until the time is over.',
  retryAfterMs: waitMs(reply),
});
