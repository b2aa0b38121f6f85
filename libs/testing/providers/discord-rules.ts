import type { APIEmbed, RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';

/** What is wrong with a message, as Discord's `errors` name it: a path of keys, a code and its words. */
export type Wrong = [path: string, code: string, message: string];
export type Message = RESTPostAPIWebhookWithTokenJSONBody & { attachments?: { id: string | number; filename?: string }[] };

// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
const most = { title: 256, description: 4096, name: 256, value: 1024, footer: 2048, author: 256, embed: 6000 };
const known = {
  message:
    'content username avatar_url tts embeds allowed_mentions components attachments flags thread_name applied_tags poll payload_json',
  // https://discord.com/developers/docs/resources/webhook#edit-webhook-message
  edit: 'content embeds flags allowed_mentions components attachments payload_json poll',
  embed: 'title type description url timestamp color footer image thumbnail video provider author fields',
};

/**
 * Characters as Discord counts them: code points, once the ends are trimmed. A member of its staff on the counting:
 * https://github.com/discord/discord-api-docs/issues/1315
 */
const count = (text: unknown): number => (typeof text === 'string' ? [...text.replace(ends, '')].length : 0);
const ends = /^[\s\p{Cc}]+|[\s\p{Cc}]+$/gu;

/** Everything that Discord would refuse in this message, or in this edit of one; `files` are the names of the attached files. */
export function wrongs(message: Message, files: readonly string[], kind: 'message' | 'edit'): Wrong[] {
  const { content, username, avatar_url, embeds = [], allowed_mentions: allowed } = message;
  return [
    ...unknownKeys(message, known[kind], ''),
    ...textWrongs(content, 'content', 2000),
    ...(username === undefined ? [] : usernameWrongs(username)),
    ...(avatar_url === undefined ? [] : urlWrongs(avatar_url, 'avatar_url')),
    ...(allowed?.parse ?? [])
      .filter((kind) => !['roles', 'users', 'everyone'].includes(kind))
      .map((kind, at): Wrong => [`allowed_mentions.parse.${at}`, 'BASE_TYPE_CHOICES', `Value '${kind}' is unknown`]),
    ...(Array.isArray(embeds) ? [] : [['embeds', 'LIST_TYPE_CONVERT', 'Must be a list'] satisfies Wrong]),
    ...(embeds.length > 10 ? [tooLong('embeds', 10)] : []),
    ...[...embeds].flatMap((embed, at) => embedWrongs(embed, `embeds.${at}`, files)),
    ...([...embeds].reduce((sum, embed) => sum + sizeOf(embed), 0) > most.embed
      ? [['embeds', 'MAX_EMBED_SIZE_EXCEEDED', `Embed size exceeds maximum size of ${most.embed}`] satisfies Wrong]
      : []),
  ];
}

/** Whether there is nothing to show: Discord's code 50006. An embed counts when it has any text or picture. */
export function isEmpty(message: Message, files: readonly string[]): boolean {
  const { content, embeds = [], components, poll } = message;
  return !(count(content) || [...embeds].some((e) => sizeOf(e) || e.image || e.thumbnail) || components || poll || files.length);
}

function embedWrongs(embed: APIEmbed, path: string, files: readonly string[]): Wrong[] {
  const { title, description, url, timestamp, color, footer, author, fields = [], image, thumbnail } = embed;
  return [
    ...unknownKeys(embed, known.embed, `${path}.`),
    ...textWrongs(title, `${path}.title`, most.title),
    ...textWrongs(description, `${path}.description`, most.description),
    ...textWrongs(footer?.text, `${path}.footer.text`, most.footer),
    ...textWrongs(author?.name, `${path}.author.name`, most.author),
    ...(fields.length > 25 ? [tooLong(`${path}.fields`, 25)] : []),
    ...fields.flatMap(({ name, value }, at) => [
      ...required(name, `${path}.fields.${at}.name`, most.name),
      ...required(value, `${path}.fields.${at}.value`, most.value),
    ]),
    ...(url === undefined ? [] : urlWrongs(url, `${path}.url`)),
    ...(image ? pictureWrongs(image.url, `${path}.image.url`, files) : []),
    ...(thumbnail ? pictureWrongs(thumbnail.url, `${path}.thumbnail.url`, files) : []),
    ...(timestamp === undefined || isTimestamp(timestamp)
      ? []
      : [[`${path}.timestamp`, 'DATE_TIME_TYPE_PARSE', `Could not parse ${timestamp}. Should be ISO8601.`] satisfies Wrong]),
    ...(color === undefined || (Number.isInteger(color) && color >= 0 && color <= 0xffffff)
      ? []
      : [[`${path}.color`, 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 16777215.'] satisfies Wrong]),
  ];
}

/** What counts toward the 6000 of a message. */
const sizeOf = ({ title, description, fields = [], footer, author }: APIEmbed): number =>
  [title, description, footer?.text, author?.name, ...fields.flatMap(({ name, value }) => [name, value])].reduce(
    (sum, text) => sum + count(text),
    0,
  );

const tooLong = (path: string, max: number): Wrong => [path, 'BASE_TYPE_MAX_LENGTH', `Must be ${max} or fewer in length.`];

function textWrongs(text: unknown, path: string, max: number): Wrong[] {
  if (text === undefined || text === null) return [];
  if (typeof text !== 'string') return [[path, 'STRING_TYPE_CONVERT', 'Could not interpret as string.']];
  return count(text) > max ? [tooLong(path, max)] : [];
}

const required = (text: unknown, path: string, max: number): Wrong[] =>
  count(text) ? textWrongs(text, path, max) : [[path, 'BASE_TYPE_REQUIRED', 'This field is required']];

// https://discord.com/developers/docs/resources/webhook#create-webhook
function usernameWrongs(name: string): Wrong[] {
  const length = count(name);
  if (length < 1 || length > 80) return [['username', 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 80 in length.']];
  const taken = /clyde|discord/i.exec(name)?.[0].toLowerCase();
  return taken ? [['username', 'USERNAME_INVALID_CONTAINS', `Username cannot contain "${taken}"`]] : [];
}

/**
 * Addresses must be http(s), with a host that has a full stop in it: a bare name is refused without a word on it,
 * https://github.com/rogerrum/alertmanager-discord/issues/19
 */
function urlWrongs(text: string, path: string): Wrong[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && !/^https?:$/.test(url.protocol))
    return [[path, 'URL_TYPE_INVALID_SCHEME', `Scheme "${url.protocol.slice(0, -1)}" is not supported.`]];
  if (!url?.hostname.includes('.') || /[\s<>]/.test(text)) return [[path, 'URL_TYPE_INVALID_URL', 'Not a well formed URL.']];
  return text.length > 2048 ? [tooLong(path, 2048)] : [];
}

function pictureWrongs(url: string, path: string, files: readonly string[]): Wrong[] {
  const name = /^attachment:\/\/(.*)$/.exec(url)?.[1];
  if (name === undefined) return urlWrongs(url, path);
  if (!/\.(jpe?g|png|webp|gif)$/i.test(name)) return [[path, 'URL_TYPE_INVALID_URL', 'Not a picture.']];
  return files.includes(name) ? [] : [[path, 'URL_TYPE_INVALID_URL', `No file is named ${name}.`]];
}

// with an offset: a time without one would be read in nobody knows which zone
const isTimestamp = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));

/** Discord overlooks keys that it does not know; here they are refused, as a misspelt one does nothing for the reader. */
const unknownKeys = (value: object, names: string, path: string): Wrong[] =>
  Object.keys(value)
    .filter((key) => !names.split(' ').includes(key))
    .map((key) => [`${path}${key}`, 'UNKNOWN_KEY', 'is no key of Discord']);
