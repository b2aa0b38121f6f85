import { randomBytes } from 'node:crypto';
import type { Answer, ReceivedRequest } from '../receiver.js';
import { type Provider, provider } from './provider.js';
import { refusal, taken, tooMany } from './telegram-answers.js';
import {
  type Chat,
  type ChatOptions,
  type ChatState,
  chatInfo,
  memberShown,
  TelegramChats,
  topicOf,
  writeFault,
} from './telegram-chats.js';
import { type TelegramLimits, TelegramRates, usualLimits } from './telegram-limits.js';
import { type Message, messageShown, TelegramPhotos } from './telegram-messages.js';
import { isMethod, type Params, paramsOf } from './telegram-request.js';
import { type Formatted, formatted } from './telegram-texts.js';

export interface TelegramOptions {
  /** Null: no limits. What is left out is as Telegram's own. */
  limits?: Partial<TelegramLimits> | null;
  /** The clock of limits and dates, milliseconds since 1970. */
  now?: () => number;
}

export interface TelegramProvider extends Provider {
  /** Makes a bot; its token. */
  newBot(): string;
  /** The bot's token is no longer valid. */
  revoke(token: string): void;
  /** Makes a chat that every bot may write to; its id. */
  newChat(options?: ChatOptions): string;
  /** From now on the chat is so, or, without a state, as any other. */
  become(chatId: string, state?: ChatState): void;
  closeTopic(chatId: string, topic: number): void;
  /** Makes a group a supergroup; its new id. */
  upgrade(chatId: string): string;
  /** What readers see in all chats, the oldest first. */
  messages: Message[];
}

interface Bot {
  token: string;
  id: number;
}
const shown = ({ id }: Bot) => ({ id, is_bot: true, first_name: 'Farm', username: `farm${id}_bot` });

/** Tokens that are none: ClientManager.cpp in https://github.com/tdlib/telegram-bot-api */
const isToken = (token: string) => /^[1-9]\d*:[^/]+$/.test(token) && token.length <= 80 && Number.parseInt(token, 10) < 2 ** 54;
const path = /^\/bot([^/]*)\/([^/]*)$/;
const unchanged =
  'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

/** A strict Telegram of bots that write: https://core.telegram.org/bots/api */
export async function telegramProvider({ limits = {}, now = Date.now }: TelegramOptions = {}): Promise<TelegramProvider> {
  const rates = limits && new TelegramRates({ ...usualLimits, ...limits }, now);
  const bots = new Map<string, Bot>();
  const chats = new TelegramChats();
  const photos = new TelegramPhotos();
  const messages: Message[] = [];

  async function behave(request: ReceivedRequest): Promise<Answer> {
    const [, token = '', name = ''] = path.exec(new URL(request.url, 'http://t').pathname) ?? [];
    if (!isToken(token)) return refusal(404);
    const bot = bots.get(token);
    if (!bot) return refusal(401);
    // methods are known in any case of letters
    const method = name.toLowerCase();
    if (!isMethod(method)) return refusal(404, 'method not found');
    const params = await paramsOf(method, request);
    if ('refused' in params) return refusal(400, params.refused);
    if (method === 'getme') return taken(shown(bot));
    if (params.values.chat_id === undefined) return refusal(400, 'chat_id is empty');
    const chat = chats.find(params.values.chat_id);
    if (!chat) return refusal(400, 'chat not found');
    if (method === 'getchat') return taken(chatInfo(chat));
    if (method === 'getchatmember') return memberAnswer(chat, bot);
    const uploaded = [...params.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    const waitS = rates?.admit(String(bot.id), chat, uploaded);
    if (waitS !== undefined) return tooMany(waitS);
    if (method === 'deletemessage') return remove(bot, chat, params);
    return (method.startsWith('edit') ? edit : add)(method, bot, chat, params);
  }

  const memberAnswer = (chat: Chat, bot: Bot): Answer =>
    chat.state === 'kicked' ? writeFault(chat, false)! : taken(memberShown(chat, shown(bot)));

  function add(method: string, bot: Bot, chat: Chat, { values, files }: Params): Answer {
    const withPhoto = method === 'sendphoto';
    const place = topicOf(chat, values.message_thread_id);
    const fault = writeFault(chat, withPhoto) ?? ('refused' in place ? place.refused : undefined);
    if (fault) return fault;
    const { parse_mode } = values;
    const content = withPhoto
      ? formatted('caption', { text: values.caption, parse_mode })
      : formatted('text', { text: values.text, parse_mode });
    if ('refused' in content) return refusal(400, content.refused);
    const photo = withPhoto ? photos.of(bot.id, values.photo, files, 'photo') : undefined;
    if (photo && 'refused' in photo) return refusal(400, photo.refused);
    const message: Message = {
      message_id: ++chat.messages,
      chat_id: String(chat.id),
      bot: bot.id,
      topic: 'topic' in place ? place.topic : null,
      ...content,
      ...(photo && { photo }),
      silent: values.disable_notification === true,
      at: now(),
      edits: 0,
    };
    messages.push(message);
    return taken(messageShown(message, chat, shown(bot)));
  }

  /** What a bot may change or delete: its own messages. */
  function own(bot: Bot, chat: Chat, id: unknown): Message | 'foreign' | undefined {
    const found = messages.find((one) => one.chat_id === String(chat.id) && one.message_id === id);
    return found && found.bot !== bot.id ? 'foreign' : found;
  }

  function edit(method: string, bot: Bot, chat: Chat, { values, files }: Params): Answer {
    const fault = writeFault(chat, method === 'editmessagemedia');
    if (fault) return fault;
    const message = own(bot, chat, values.message_id);
    if (!message) return refusal(400, 'message to edit not found');
    if (message === 'foreign') return refusal(400, "message can't be edited");
    if (method === 'editmessagetext' && message.photo) return refusal(400, 'there is no text in the message to edit');
    if (method === 'editmessagecaption' && !message.photo) return refusal(400, 'there is no caption in the message to edit');
    const { media } = values;
    if (method === 'editmessagemedia' && media?.type !== 'photo') return refusal(400, 'type of file mismatch');
    const text = media ? media.caption : (values.caption ?? values.text);
    const content = formatted(method === 'editmessagetext' ? 'text' : 'caption', {
      parse_mode: (media ?? values).parse_mode,
      text,
    });
    if ('refused' in content) return refusal(400, content.refused);
    const photo = media ? photos.of(bot.id, media.media, files) : message.photo;
    if (photo && 'refused' in photo) return refusal(400, photo.refused);
    if (same(message, content) && message.photo?.file_id === photo?.file_id) return refusal(400, unchanged);
    Object.assign(message, content, photo && { photo }, { edits: message.edits + 1, editedAt: now() });
    return taken(messageShown(message, chat, shown(bot)));
  }

  function remove(bot: Bot, chat: Chat, { values }: Params): Answer {
    const message = own(bot, chat, values.message_id);
    if (!message) return refusal(400, 'message to delete not found');
    if (message === 'foreign') return refusal(400, "message can't be deleted");
    messages.splice(messages.indexOf(message), 1);
    return taken(true);
  }

  const chatOf = (chatId: string): Chat => {
    const chat = chats.find(chatId);
    if (!chat) throw new Error(`There is no chat ${chatId}`);
    return chat;
  };
  let serial = 700_000_000;
  const server = await provider(behave);
  return {
    ...server,
    messages,
    newBot: () => {
      const id = ++serial;
      const bot = { id, token: `${id}:AA${randomBytes(25).toString('base64url').slice(0, 33)}` };
      bots.set(bot.token, bot);
      return bot.token;
    },
    revoke: (token) => void bots.delete(token),
    newChat: (options = {}) => String(chats.add(options).id),
    become: (chatId, state) => {
      chatOf(chatId).state = state;
    },
    closeTopic: (chatId, topic) => void chatOf(chatId).topics?.set(topic, 'closed'),
    upgrade: (chatId) => String(chats.upgrade(chatOf(chatId)).id),
  };
}

const same = (one: Formatted, other: Formatted): boolean =>
  one.text === other.text && JSON.stringify(one.entities) === JSON.stringify(other.entities);
