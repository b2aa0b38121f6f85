import type { APIEmbed } from 'discord-api-types/v10';
import type { File, Read } from './discord-request.js';
import type { Message } from './discord-rules.js';

/** A message as its readers see it. */
export interface ReadMessage {
  id: string;
  channel_id: string;
  webhook_id: string;
  thread_id: string | null;
  content: string;
  embeds: APIEmbed[];
  username: string;
  avatar_url: string | null;
  attachments: { id: string; filename: string; size: number; description: string | null }[];
  /** What is to be seen, and where: an old picture that stays at an edit is seen twice, one that went is a dead link. */
  pictures: { name: string; at: 'embed' | 'beside' | 'dead link' }[];
  allowed_mentions: Message['allowed_mentions'];
  /** Whom it pings: `@everyone`, `@here`, `<@id>`, `<@&id>`. */
  pings: string[];
  /** Milliseconds since 1970. */
  posted_at: number;
  edited_at: number | null;
  edits: number;
}

export interface Place {
  id: string;
  channel: string;
  webhook: string;
  thread: string | null;
}

type Attachment = ReadMessage['attachments'][number];

const attached = (files: File[], { attachments }: Message, newId: () => string): Attachment[] =>
  files.map(({ n, filename, size }) => ({
    id: newId(),
    filename,
    size,
    description: attachments?.find((one) => String(one.id) === n)?.description ?? null,
  }));

export function posted({ message, files }: Read, place: Place, now: number, newId: () => string): ReadMessage {
  const attachments = attached(files, message, newId);
  const embeds = message.embeds ?? [];
  return {
    id: place.id,
    channel_id: place.channel,
    webhook_id: place.webhook,
    thread_id: place.thread,
    content: message.content ?? '',
    embeds,
    username: message.username ?? 'Farm',
    avatar_url: message.avatar_url ?? null,
    attachments,
    pictures: picturesOf(embeds, attachments, []),
    allowed_mentions: message.allowed_mentions,
    pings: pingsOf(message),
    posted_at: now,
    edited_at: null,
    edits: 0,
  };
}

/**
 * Changes the message. From v10 on a list of attachments names all that stay; without one all stay, and new ones come behind:
 * https://discord.com/developers/docs/resources/webhook#edit-webhook-message
 */
export function edit(old: ReadMessage, { message, files }: Read, now: number, newId: () => string): void {
  const { content = old.content, attachments: listed, allowed_mentions } = message;
  const kept = old.attachments.filter((one) => !listed || listed.some(({ id }) => String(id) === one.id));
  const added = attached(files, message, newId);
  const embeds = message.embeds === undefined ? old.embeds : (message.embeds ?? []);
  // what an embed hid of the old files is hidden no longer: https://github.com/discord/discord-api-docs/issues/5675
  const pictures = picturesOf(embeds, added, kept);
  Object.assign(old, {
    content: content ?? '',
    embeds,
    attachments: [...kept, ...added],
    pictures,
    allowed_mentions,
    edited_at: now,
    edits: old.edits + 1,
  });
}

/** A new file that an embed shows is not shown beside it; one that was there before is. */
function picturesOf(embeds: APIEmbed[], added: Attachment[], kept: Attachment[]): ReadMessage['pictures'] {
  const shown = embeds.flatMap(({ image, thumbnail }) => [image, thumbnail].flatMap((one) => (one ? [one.url] : [])));
  const names = shown.map((url) => url.replace(/^attachment:\/\//, ''));
  const files = [...added, ...kept].map(({ filename }) => filename);
  const beside = [...kept, ...added.filter((one) => !names.includes(one.filename))];
  return [
    ...shown.map((url, n): ReadMessage['pictures'][number] => ({
      name: names[n]!,
      at: url === names[n] || files.includes(names[n]!) ? 'embed' : 'dead link',
    })),
    ...beside.map(({ filename }): ReadMessage['pictures'][number] => ({ name: filename, at: 'beside' })),
  ];
}

/** Embeds ping nobody; the content does as allowed, and unless told a webhook may ping users. */
function pingsOf({ content = '', allowed_mentions: allowed = { parse: ['users' as never] } }: Message): string[] {
  const may = (kind: string, id?: string) =>
    (allowed.parse as string[] | undefined)?.includes(kind) ||
    (id !== undefined && (allowed as Record<string, string[] | undefined>)[kind]?.includes(id));
  return [...(content ?? '').matchAll(/@everyone|@here|<@(&?)!?(\d+)>/g)]
    .filter(([text, role, id]) => (text.startsWith('@') ? may('everyone') : may(role ? 'roles' : 'users', id)))
    .map(([text]) => text);
}

/**
 * The message as Discord tells it: https://discord.com/developers/docs/resources/message#message-object. In a thread its channel
 * is the thread. A file that an embed shows is not among the attachments: https://github.com/discord/discord-api-docs/issues/4809
 */
export function told(message: ReadMessage): object {
  const { id, webhook_id, content, embeds, username, allowed_mentions } = message;
  const address = ({ id: file, filename }: Attachment) =>
    `https://cdn.discordapp.com/attachments/${message.channel_id}/${file}/${filename}?ex=0&is=0&hm=0`;
  const resolved = (url: string) => {
    const file = message.attachments.find((one) => url === `attachment://${one.filename}`);
    return file ? address(file) : url;
  };
  const hidden = (one: Attachment) => !message.pictures.some(({ name, at }) => at === 'beside' && name === one.filename);
  return {
    type: 0,
    content,
    mentions: [],
    mention_roles: [],
    attachments: message.attachments
      .filter((one) => !hidden(one))
      .map((one) => ({ ...one, url: address(one), proxy_url: address(one) })),
    embeds: embeds.map((embed) => ({
      type: 'rich',
      ...embed,
      ...(embed.image && { image: { ...embed.image, url: resolved(embed.image.url) } }),
    })),
    timestamp: new Date(message.posted_at).toISOString(),
    edited_timestamp: message.edited_at === null ? null : new Date(message.edited_at).toISOString(),
    flags: 0,
    components: [],
    id,
    channel_id: message.thread_id ?? message.channel_id,
    author: { id: webhook_id, username, avatar: null, discriminator: '0000', public_flags: 0, flags: 0, bot: true },
    pinned: false,
    mention_everyone: false,
    tts: false,
    webhook_id,
    // not Discord's, but what a test may ask for
    allowed_mentions,
  };
}
