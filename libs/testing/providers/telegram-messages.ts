import { randomBytes } from 'node:crypto';
import { type Chat, chatShown } from './telegram-chats.js';
import type { Entity } from './telegram-html.js';
import { photoOf, type Size } from './telegram-photo.js';
import type { Params } from './telegram-request.js';

/** A picture as Telegram keeps it. */
export interface Photo extends Size {
  file_id: string;
  file_size: number;
}

/** A message as its readers see it. */
export interface Message {
  message_id: number;
  chat_id: string;
  /** Which bot wrote it. */
  bot: number;
  /** Null: not in one, or in the General one. */
  topic: number | null;
  /** Without its markup; below a picture its caption. */
  text: string;
  entities: Entity[];
  photo?: Photo;
  /** Comes without a sound. */
  silent: boolean;
  at: number;
  edits: number;
  editedAt?: number;
}

/** The pictures that were uploaded: a bot may send its own again by name. https://core.telegram.org/bots/api#sending-files */
export class TelegramPhotos {
  private readonly known = new Map<string, { bot: number; photo: Photo }>();

  /** The picture that a parameter names: a file's id, `attach://<part>`, or, when there is none, the part of that name. */
  of(bot: number, named: unknown, files: Params['files'], part?: string): Photo | { refused: string } {
    const attached = typeof named === 'string' ? /^attach:\/\/(.+)$/.exec(named)?.[1] : part;
    const file = attached === undefined ? undefined : files.get(attached);
    if (file) return this.upload(bot, file.bytes);
    if (typeof named !== 'string' || named === '' || attached !== undefined)
      return { refused: 'there is no photo in the request' };
    const found = this.known.get(named);
    if (found && found.bot === bot) return found.photo;
    return { refused: /^https?:/.test(named) ? 'failed to get HTTP URL content' : 'wrong file identifier/HTTP URL specified' };
  }

  private upload(bot: number, bytes: Buffer): Photo | { refused: string } {
    const size = photoOf(bytes);
    if ('refused' in size) return size;
    const photo = { ...size, file_id: `AgACAgQAAx${randomBytes(30).toString('base64url')}`, file_size: bytes.length };
    this.known.set(photo.file_id, { bot, photo });
    return photo;
  }
}

/** In the order in which Telegram writes the keys: https://core.telegram.org/bots/api#message */
export function messageShown(message: Message, chat: Chat, bot: object): object {
  const { message_id, at, editedAt, topic, text, entities, photo } = message;
  const seconds = (ms: number) => Math.floor(ms / 1000);
  return {
    message_id,
    from: bot,
    chat: chatShown(chat),
    date: seconds(at),
    ...(editedAt !== undefined && { edit_date: seconds(editedAt) }),
    ...(topic !== null && { message_thread_id: topic, is_topic_message: true }),
    ...(photo ? { photo: sizesOf(photo), ...(text && { caption: text, caption_entities: entities }) } : { text, entities }),
  };
}

/** A small one first, as previews, and the largest last. */
const sizesOf = ({ file_id, file_size, width, height }: Photo) => [
  { file_id: `${file_id}-s`, file_unique_id: 's', file_size: 1_200, width: 90, height: Math.ceil((90 * height) / width) },
  { file_id, file_unique_id: 'l', file_size, width, height },
];
