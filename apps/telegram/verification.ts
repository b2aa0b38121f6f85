import { HttpFailure, type Reply, type Sending } from '#delivery';
import { verdictOf } from './answers.js';
import { addressOf, jsonOf, timeout } from './calls.js';
import { type Body, bodyOf } from './replies.js';
import { botOf, type Settings, where } from './settings.js';

type Faults = [path: string, message: string][];
type Result = NonNullable<Body['result']>;

/** Asks who the bot is, what the chat is, and what the bot may do there: nobody in the chat sees it. */
export async function verify(settings: Settings, sending: Pick<Sending, 'http' | 'origin'>): Promise<Faults> {
  const { chat_id, message_thread_id } = settings;
  const ask = (method: string, params: object, path: string) => asked(settings, sending, { method, params, path });
  const bot = await ask('getMe', {}, 'bot_token');
  if ('faults' in bot) return bot.faults;
  const chat = await ask('getChat', { chat_id }, 'chat_id');
  if ('faults' in chat) return chat.faults;
  if (chat.result.type === 'private') return [];
  const member = await ask('getChatMember', { chat_id, user_id: Number(botOf(settings)) }, 'chat_id');
  const topic: Faults =
    message_thread_id === undefined || chat.result.is_forum === true
      ? []
      : [['message_thread_id', 'is of no use here: this chat has no topics, and Telegram would ignore it. Leave it out']];
  return [...('faults' in member ? member.faults : memberFaults(chat.result, member.result)), ...topic];
}

/** Telegram's own answer, or why the settings are no good, or could not be checked. */
async function asked(
  settings: Settings,
  { http, origin }: Pick<Sending, 'http' | 'origin'>,
  { method, params, path }: { method: string; params: object; path: string },
): Promise<{ result: Result } | { faults: Faults }> {
  const fault = (where: string, message: string) => ({ faults: [[where, message]] as Faults });
  const later = (why: string) => fault(path, `could not be checked with Telegram: ${why}. Try again in a few minutes`);
  let reply: Reply;
  try {
    reply = await http.request({
      url: addressOf(origin, settings.bot_token, method),
      method: 'POST',
      timeoutMs: timeout.call,
      ...jsonOf(params),
    });
  } catch (error) {
    if (error instanceof HttpFailure) return later(error.message);
    throw error;
  }
  const body = bodyOf(reply);
  if (body?.ok === true && body.result) return { result: body.result };
  const says = verdictOf(reply, settings);
  if (says?.moved) return fault('chat_id', `is of a group that was upgraded to a supergroup: set ${says.moved.chat_id}`);
  if (body && (reply.status === 401 || reply.status === 404))
    return fault('bot_token', `is not known to Telegram: copy it anew. ${where.token}`);
  if (body && says && (reply.status === 400 || reply.status === 403)) return fault(path, `is not usable: ${says.meaning}`);
  return later(`it answered HTTP ${reply.status}`);
}

/** A public chat is found by who is not in it, too; in a channel administrators alone post: https://core.telegram.org/bots/api#chatmember */
function memberFaults(chat: Result, member: Result): Faults {
  const { status } = member;
  if (status === 'left' || status === 'kicked')
    return [
      [
        'chat_id',
        'is of a chat that the bot is not in: open it in Telegram and add the bot as a member, to a channel as administrator',
      ],
    ];
  if (chat.type === 'channel' && status !== 'creator' && member.can_post_messages !== true)
    return [
      [
        'chat_id',
        'is of a channel where the bot may not post: under Administrators in Telegram add the bot, and allow it Post Messages',
      ],
    ];
  const everyone = chat.permissions as { can_send_messages?: unknown } | undefined;
  const muted = status === 'restricted' ? member.can_send_messages === false : everyone?.can_send_messages === false;
  if ((status === 'restricted' || status === 'member') && muted)
    return [
      [
        'chat_id',
        'is of a group where the bot may not send messages: in Telegram make it an administrator, or allow Send Messages under Permissions',
      ],
    ];
  return [];
}
