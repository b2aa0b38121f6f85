import type { Answer } from '../receiver.js';
import { refusal } from './telegram-answers.js';

export interface ChatOptions {
  type?: 'private' | 'group' | 'supergroup' | 'channel';
  /** Makes it public, where it is no person's. */
  username?: string;
  /** Makes it a forum with these topics. */
  topics?: number[];
}

/** What may have become of a chat, and how Telegram then refuses what is sent there. */
const states = {
  blocked: [403, 'bot was blocked by the user'],
  deactivated: [403, 'user is deactivated'],
  'not started': [403, "bot can't initiate conversation with a user"],
  kicked: [403, 'bot was kicked from the supergroup chat'],
  left: [403, 'bot is not a member of the channel chat'],
  deleted: [403, 'the group chat was deleted'],
  'read only': [400, 'not enough rights to send text messages to the chat'],
  'no photos': [400, 'not enough rights to send photos to the chat'],
} as const;
export type ChatState = keyof typeof states;

export interface Chat {
  id: number;
  type: NonNullable<ChatOptions['type']>;
  username?: string;
  topics: Map<number, 'open' | 'closed'> | undefined;
  state?: ChatState;
  upgradedTo?: number;
  messages: number;
}

/** The topic that every forum has; it has no number of its own in a call. */
const general = 1;

/** The chats that bots write to. */
export class TelegramChats {
  private readonly chats = new Map<number, Chat>();
  private serial = 0;

  add({ type = 'private', username, topics }: ChatOptions): Chat {
    const n = 10_000_000 + ++this.serial;
    const id = type === 'private' ? n : type === 'group' ? -n : -1_000_000_000_000 - n;
    const chat: Chat = {
      id,
      type,
      ...(username && { username }),
      topics: topics && new Map(topics.map((topic) => [topic, 'open'])),
      messages: 0,
    };
    this.chats.set(id, chat);
    return chat;
  }

  /** Names find supergroups and channels, never people: https://core.telegram.org/bots/api#sendmessage */
  find(chatId: unknown): Chat | undefined {
    if (typeof chatId !== 'string' || !chatId.startsWith('@')) return this.chats.get(Number(chatId));
    const named = chatId.slice(1).toLowerCase();
    return [...this.chats.values()].find((chat) => chat.type !== 'private' && chat.username?.toLowerCase() === named);
  }

  upgrade(chat: Chat): Chat {
    const upgraded = this.add({ type: 'supergroup' });
    chat.upgradedTo = upgraded.id;
    return upgraded;
  }
}

/** Why nothing can be written there, if so. */
export function writeFault(chat: Chat, photo: boolean): Answer | undefined {
  if (chat.upgradedTo !== undefined)
    return refusal(400, 'group chat was upgraded to a supergroup chat', { migrate_to_chat_id: chat.upgradedTo });
  if (chat.state === undefined || (chat.state === 'no photos' && !photo)) return undefined;
  const [status, why] = states[chat.state];
  return refusal(status, why);
}

/** The topic that a message goes to. Where there are none, the number is overlooked: check_message_topic in Client.cpp */
export function topicOf({ topics }: Chat, given: number | undefined): { topic: number | null } | { refused: Answer } {
  if (!topics || given === undefined) return { topic: null };
  const found = given === general ? undefined : topics.get(given);
  if (found === undefined) return { refused: refusal(400, 'message thread not found') };
  return found === 'closed' ? { refused: refusal(400, 'TOPIC_CLOSED') } : { topic: given };
}

export const chatShown = ({ id, type, username, topics }: Chat) => ({
  id,
  type,
  ...(type === 'private' ? { first_name: 'Ada' } : { title: 'Farm' }),
  ...(username && { username }),
  ...(topics && { is_forum: true }),
});

/** https://core.telegram.org/bots/api#chatfullinfo */
export const chatInfo = (chat: Chat) => ({
  ...chatShown(chat),
  ...(chat.type.endsWith('group') && { permissions: { can_send_messages: chat.state !== 'read only' } }),
});

/** The bot there: https://core.telegram.org/bots/api#chatmember */
export function memberShown({ type, state }: Chat, bot: object): object {
  const status = state === 'kicked' || state === 'left' ? state : type === 'channel' ? 'administrator' : 'member';
  return { user: bot, status, ...(status === 'administrator' && { can_post_messages: state !== 'read only' }) };
}
