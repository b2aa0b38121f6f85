import type { APIEmbed, RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';
import { type Content, contentOf, type FarmEvent, type Severity } from '#contracts';
import { clip, type Links } from '#delivery';
import { fitted, isVisible } from './markdown.js';
import { publicUrl, type Settings, threadOf } from './settings.js';

/** A message as it is sent: to where, and with which picture. */
export interface DiscordMessage {
  body: RESTPostAPIWebhookWithTokenJSONBody;
  thread?: string;
  /** The attached picture that the embed shows: its name, and what it shows for those who do not see it. */
  picture?: { name: string; alt: string };
}

// limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
const most = {
  title: 256,
  description: 4096,
  advice: 1024,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  embed: 6000,
  alt: 1024,
};
const colours: Record<Severity, number> = {
  success: 65280,
  warning: 16753920,
  error: 16711680,
  critical: 16711680,
  info: 3447003,
};
const footer = { text: 'Farmbell' };
/** Values of at most so many characters share a line. */
const inlineLength = 40;

export function messageOf(event: FarmEvent, settings: Settings, links: Links): DiscordMessage {
  const { username, avatar_url } = settings;
  const without = (part: 'picture' | 'markup' | 'thread') => links.without?.has(part) ?? false;
  const name = without('picture') ? undefined : links.picture;
  const thread = without('thread') ? undefined : threadOf(settings);
  const embed = embedOf(event, {
    plain: without('markup'),
    picture: name !== undefined ? `attachment://${name}` : without('picture') ? undefined : publishedPicture(event),
  });
  return {
    body: {
      embeds: [embed],
      // a file name must not ping anybody: https://discord.com/developers/docs/resources/message#allowed-mentions-object
      allowed_mentions: { parse: [] },
      ...(username && !without('markup') && { username }),
      ...(avatar_url && !without('markup') && { avatar_url }),
    },
    ...(thread && { thread }),
    ...(name !== undefined && { picture: { name, alt: clip(event.title, most.alt) } }),
  };
}

/** `plain`: without any address that Discord may refuse the message for. */
function embedOf(event: FarmEvent, { plain, picture }: { plain: boolean; picture?: string }): APIEmbed {
  const content = contentOf(event);
  const title = fitted(isVisible(content.title) ? content.title : event.type, most.title);
  const description = describe(content);
  const url = event.link === undefined || plain ? undefined : publicUrl(event.link);
  const facts = content.facts.filter(([name, value]) => isVisible(name) && isVisible(value));
  const link: [string, string][] = event.link === undefined || url ? [] : [['Link', event.link]];
  const fields = fieldsOf(
    [...facts.slice(0, most.fields - link.length), ...link],
    most.embed - title.length - description.length - footer.text.length,
  );
  return {
    title,
    ...(description && { description }),
    color: colours[event.severity],
    ...(isDatable(event.time) && { timestamp: event.time }),
    footer,
    ...(fields.length && { fields }),
    ...(url && { url }),
    ...(picture && (!plain || picture.startsWith('attachment:')) && { image: { url: picture } }),
  };
}

/** The message, and below it what is to be done: the message gives way where there is no room for both. */
function describe({ message, advice }: Content): string {
  const below = isVisible(advice) ? fitted(advice.trim(), most.advice) : '';
  const gap = below && isVisible(message) ? '\n\n' : '';
  const above = isVisible(message) ? fitted(message, most.description - gap.length - below.length) : '';
  return `${above}${gap}${below}`;
}

/** As many as there is room for: all texts of a message share one limit. */
function fieldsOf(facts: [string, string][], room: number): NonNullable<APIEmbed['fields']> {
  let left = room;
  return facts
    .map(([name, value]) => ({
      name: fitted(name.trim(), most.fieldName),
      value: fitted(value.trim(), most.fieldValue),
      inline: value.length <= inlineLength,
    }))
    .filter(({ name, value }) => {
      const fits = name.length + value.length <= left;
      if (fits) left -= name.length + value.length;
      return fits;
    });
}

/** The publisher's own picture, which Discord fetches by itself. */
const publishedPicture = ({ snapshot }: FarmEvent): string | undefined =>
  snapshot && 'url' in snapshot ? publicUrl(snapshot.url) : undefined;

/** Years that no calendar starts with are no times of a farm, and some of them no times for Discord. */
const isDatable = (time: string): boolean => new Date(time).getUTCFullYear() >= 1970;
