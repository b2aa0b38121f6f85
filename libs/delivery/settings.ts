import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type CheckedSettings, checked, type Fault, invalid } from '#contracts';
import type { Channel, CheckContext, Sending } from './channel.js';
import { redact } from './redact.js';

/** What stands in place of a secret; given back unchanged it means: keep the one that is known. */
export const MASK = '********';

// biome-ignore lint/suspicious/noExplicitAny: a channel's own settings and message are its own business
export type AnyChannel = Channel<any, any>;

interface Meta {
  secret?: boolean;
  masksQuery?: boolean;
  where?: string;
}

const shapeOf = (channel: AnyChannel) => Object.entries(channel.settings.shape) as [string, z.ZodType][];
const metaOf = (type: z.ZodType): Meta =>
  (type.meta() ??
    (type instanceof z.ZodOptional || type instanceof z.ZodDefault ? metaOf(type.unwrap() as z.ZodType) : {})) as Meta;

/** Checks what a user gave, over what is known; completes it; throws a Problem that names each fault and its cure. */
export function checkSettings(
  channel: AnyChannel,
  {
    settings,
    known = {},
    rotate = false,
  }: { settings: Record<string, unknown>; known?: Record<string, unknown>; rotate?: boolean },
  context: CheckContext,
): CheckedSettings {
  const shown = shownOf(channel, known);
  const given = Object.entries(settings).filter(([key, value]) => !(holdsMask(value) && isDeepStrictEqual(value, shown[key])));
  const masked = given.filter(([key, value]) => holdsMask(value) && isHidden(channel, key));
  if (masked.length)
    throw invalid(
      masked.map(([path]) =>
        helped(channel, {
          path,
          message: `holds ${MASK}, which stands for what is not shown: give the whole value, or leave it out to keep it`,
        }),
      ),
    );
  const merged = Object.fromEntries(
    Object.entries({ ...chosenOf(channel, known), ...Object.fromEntries(given) }).filter(([, value]) => value !== null),
  );
  const parsed = checked(channel.settings, merged);
  if ('errors' in parsed) throw invalid(parsed.errors.map((fault) => helped(channel, fault)));
  const faults = channel.check?.(parsed.data, context) ?? [];
  if (faults.length) throw invalid(faults.map(([path, message]) => helped(channel, { path, message })));
  const generated = (channel.generate?.(parsed.data, rotate) ?? {}) as Record<string, string>;
  const whole = { ...parsed.data, ...generated };
  return {
    settings: whole,
    shown: shownOf(channel, whole),
    generated,
    scope: channel.scope(whole),
    defaults: defaultsOf(channel, whole),
    ...(Object.keys(known).length > 0 && { defaultsBefore: defaultsOf(channel, known) }),
    edits: channel.edits !== undefined,
  };
}

const defaultsOf = (channel: AnyChannel, settings: Record<string, unknown>): CheckedSettings['defaults'] => ({
  retry: { mode: channel.retryMode?.(settings) ?? channel.retry.mode, attempts: channel.retry.schedule.length },
  expires_after_s: channel.retry.expiresAfterS,
  progress: channel.edits ? 'edit' : 'post',
  progress_every: channel.chat ? { percent: 10, seconds: 3600 } : null,
});

/** Known settings without those that would be the same had nobody chosen them: they are found anew from what is given now. */
function chosenOf(channel: AnyChannel, known: Record<string, unknown>): Record<string, unknown> {
  const comesBySelf = ([key, value]: [string, unknown]) => {
    const others = Object.fromEntries(Object.entries(known).filter(([name]) => name !== key));
    const found = channel.settings.safeParse(others);
    return found.success && isDeepStrictEqual((found.data as Record<string, unknown>)[key], value);
  };
  return Object.fromEntries(Object.entries(known).filter((one) => !comesBySelf(one)));
}

/** Asks the provider whether settings work; throws a Problem that names each fault and its cure. */
export async function verifySettings(
  channel: AnyChannel,
  settings: Record<string, unknown>,
  calls: Pick<Sending, 'http' | 'origin'>,
): Promise<void> {
  const faults = (await channel.verify?.(settings, calls)) ?? [];
  const secrets = secretsOf(channel, settings);
  if (faults.length > 0)
    throw invalid(faults.map(([path, message]) => ({ path: `settings.${path}`, message: redact(message, secrets) })));
}

const holdsMask = (value: unknown): boolean => JSON.stringify(value)?.includes(MASK) ?? false;

function isHidden(channel: AnyChannel, key: string): boolean {
  const type = shapeOf(channel).find(([name]) => name === key)?.[1];
  const meta: Meta = type ? metaOf(type) : {};
  return Boolean(meta.secret || meta.masksQuery);
}

function helped(channel: AnyChannel, fault: Fault): Fault {
  const [, type] = shapeOf(channel).find(([key]) => fault.path === key || fault.path.startsWith(`${key}.`)) ?? [];
  const where = type && metaOf(type).where;
  return {
    path: fault.path ? `settings.${fault.path}` : 'settings',
    message: where ? `${fault.message}. ${where}` : fault.message,
  };
}

/** Settings as they may be shown: secrets masked, and the values in a URL's query. */
export function shownOf(channel: AnyChannel, settings: Record<string, unknown>): Record<string, unknown> {
  const metas = new Map(shapeOf(channel).map(([key, type]) => [key, metaOf(type)]));
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      const meta = metas.get(key);
      if (meta?.secret) return [key, MASK];
      return [key, meta?.masksQuery && typeof value === 'string' ? maskQuery(value) : value];
    }),
  );
}

/** Values masked, and a part of the query without `=` whole: it may be a token. */
function maskQuery(text: string): string {
  const [shown = '', ...fragments] = text.split('#');
  const [address, ...query] = shown.split('?');
  if (query.length === 0) return text;
  const masked = (part: string) => part && part.slice(0, part.indexOf('=') + 1) + MASK;
  const parts = query.join('?').split('&').map(masked);
  return [`${address}?${parts.join('&')}`, ...fragments.map((one) => one.replace(/=[^&]*/g, `=${MASK}`))].join('#');
}

/** Every text that must not appear in an answer, an error or a log. */
export function secretsOf(channel: AnyChannel, settings: Record<string, unknown>): string[] {
  return shapeOf(channel).flatMap(([key, type]) => {
    const value = settings[key];
    const meta = metaOf(type);
    if (typeof value === 'object' && value !== null && meta.secret) return Object.values(value).map(String).flatMap(bareToken);
    if (typeof value !== 'string') return [];
    if (meta.secret) return [value, ...(URL.canParse(value) ? partsOf(new URL(value)) : [])];
    return meta.masksQuery && value.includes('?')
      ? [value.slice(value.indexOf('?') + 1), ...new URL(value).searchParams.values()]
      : [];
  });
}

/** A secret URL is not called as it was given: its path in whole, and each part of it that is long enough to be a token. */
const partsOf = ({ pathname, searchParams }: URL): string[] => [
  pathname,
  ...pathname.split('/').filter((part) => part.length >= tokenLength),
  ...searchParams.values(),
];
const tokenLength = 20;

/** `Bearer <token>`: receivers repeat the token alone. */
const bareToken = (value: string): string[] => [value, ...(/^[A-Za-z]+ (\S+)$/.exec(value)?.slice(1) ?? [])];

/** JSON Schema of a type's settings: secrets marked `secret`, `where` says where to find each value. */
export const describeSettings = (channel: AnyChannel) => ({
  type: channel.type,
  settings: z.toJSONSchema(channel.settings, { io: 'input' }),
});
