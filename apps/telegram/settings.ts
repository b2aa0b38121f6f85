import { z } from 'zod';
import { severities } from '#contracts';

/** Where Telegram shows each value, in the words of its own apps. */
export const where = {
  token: 'In Telegram open @BotFather, send /mybots, choose the bot, then API Token',
  chat: "Send a message to the bot, or in the group it was added to, and open https://api.telegram.org/bot<token>/getUpdates: it is the 'id' in 'chat'",
  thread: 'It is the middle number of a link to a message of the topic: https://t.me/c/<chat>/<message_thread_id>/<message>',
};

/** As the Bot API server takes it; the part before the colon is the bot's own id. https://core.telegram.org/bots/api#authorizing-your-bot */
const tokenPattern = /^[1-9][0-9]{4,15}:[A-Za-z0-9_-]{30,64}$/;
/** Ids have at most 52 significant bits; groups and channels have negative ones. https://core.telegram.org/bots/api#chat */
const chatPattern = /^(?:-?[1-9][0-9]{0,15}|@[A-Za-z][A-Za-z0-9_]{3,31})$/;
const wrongChat =
  'must be the id of a chat, e.g. 123456789, of a group or channel, e.g. -1001234567890, or the @name of a public one';
const wrongThread = 'must be the number of a topic, e.g. 42';
/** The topic that every forum has; a message that names it is refused. */
const general = 1;

export const settings = z.strictObject({
  bot_token: z
    .string()
    .regex(tokenPattern, "must look like 123456789:AAF…, the bot's number, a colon and about 35 letters and digits")
    .meta({ secret: true, where: where.token }),
  chat_id: z
    .union([z.string(), z.int()], { error: wrongChat })
    .transform(String)
    .pipe(z.string().regex(chatPattern, wrongChat))
    .meta({ where: where.chat }),
  message_thread_id: z
    .int(wrongThread)
    .min(general, wrongThread)
    .max(2 ** 31 - 1, wrongThread)
    .refine((id) => id !== general, 'must not be 1, the General topic: leave it out, and messages go there')
    .meta({ where: where.thread })
    .optional(),
  silent: z
    .array(z.enum(severities))
    .max(severities.length)
    .meta({ description: 'Severities whose messages come without sound' })
    .default([]),
});
export type Settings = z.infer<typeof settings>;

/** The bot's own id: no secret, and the same after the token was made anew. */
export const botOf = ({ bot_token }: Pick<Settings, 'bot_token'>): string => bot_token.split(':')[0] ?? '';

/** A person's own chat with the bot; all else, groups and channels, has stricter limits. */
export const isPrivate = ({ chat_id }: Pick<Settings, 'chat_id'>): boolean => /^\d/.test(chat_id);
