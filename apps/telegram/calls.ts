import type { ApiMethods } from '@grammyjs/types';
import { type MessageRef, multipart, type Picture, type Reply, type Sending } from '#delivery';
import type { TelegramMessage } from './message.js';
import type { Settings } from './settings.js';

/** Milliseconds: the server takes 3 s before it says that a bot calls too often, and a picture of 2 MiB its time on a workshop's line. */
export const timeout = { call: 15_000, upload: 30_000 };

/** What stands for the bytes of the picture in a call's parameters: they travel as the form's part `photo`. */
type Upload = { uploaded: true };
type Methods = ApiMethods<Upload>;
type Method = 'sendMessage' | 'sendPhoto' | 'editMessageText' | 'editMessageCaption' | 'editMessageMedia';

/** A method of the Bot API with its parameters, and the picture that is uploaded with them. */
interface Call<M extends Method = Method> {
  method: M;
  params: Omit<Parameters<Methods[M]>[0], 'photo'> & { photo?: string };
  upload?: Picture;
}
const call = <M extends Method>(method: M, params: Call<M>['params'], upload?: Picture): Call => ({
  method,
  params,
  ...(upload && { upload }),
});

/** One call: sends the message, or changes the one that it continues. */
export async function send(
  message: TelegramMessage,
  { bot_token, chat_id }: Settings,
  { http, origin, picture, edits }: Sending,
): Promise<Reply> {
  // ids count anew in each chat: a message of another one is not this one's
  const edited = edits && (edits.chat_id ?? chat_id) === chat_id ? edits : undefined;
  const { method, params, upload } = edited ? change(message, chat_id, edited, picture) : first(message, chat_id, picture);
  return http.request({
    url: addressOf(origin, bot_token, method),
    method: 'POST',
    timeoutMs: upload ? timeout.upload : timeout.call,
    ...(upload ? await multipart(formOf(params, upload)) : jsonOf(params)),
  });
}

/** The token is a part of the path: https://core.telegram.org/bots/api#making-requests */
export const addressOf = (origin: string, token: string, method: string): string => `${origin}/bot${token}/${method}`;

/** The picture that is known already is named, not sent again: https://core.telegram.org/bots/api#sending-files */
const uploadOf = (picture: Picture): Picture | undefined => (picture.file === undefined ? picture : undefined);

const preview = { link_preview_options: { is_disabled: true } };

function first({ text, caption, ...how }: TelegramMessage, chat_id: string, picture: Picture | undefined): Call {
  if (!picture) return call('sendMessage', { chat_id, text, ...preview, ...how });
  return call(
    'sendPhoto',
    { chat_id, caption, ...how, ...(picture.file !== undefined && { photo: picture.file }) },
    uploadOf(picture),
  );
}

/** A message with a picture has a caption in place of a text, and a picture can take a text's place: https://core.telegram.org/bots/api#updating-messages */
function change({ text, caption, parse_mode }: TelegramMessage, chat_id: string, edited: MessageRef, picture?: Picture): Call {
  const message = { chat_id, message_id: Number(edited.message_id) };
  const markup = parse_mode && { parse_mode };
  if (picture) {
    const media = { type: 'photo' as const, media: picture.file ?? 'attach://photo', caption, ...markup };
    return call('editMessageMedia', { ...message, media }, uploadOf(picture));
  }
  if (edited.photo === true) return call('editMessageCaption', { ...message, caption, ...markup });
  return call('editMessageText', { ...message, text, ...preview, ...markup });
}

export const jsonOf = (params: object) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(params),
});

/** In a form all that is no text travels as JSON. */
function formOf(params: object, picture: Picture): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(params))
    form.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  form.append('photo', new Blob([new Uint8Array(picture.bytes)], { type: picture.content_type }), picture.name);
  return form;
}
