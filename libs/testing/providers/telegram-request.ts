import type { ReceivedRequest } from '../receiver.js';

export interface Upload {
  name: string;
  bytes: Buffer;
}

/** A call's parameters, and the files that come with it by the names of their parts. */
export interface Params {
  // biome-ignore lint/suspicious/noExplicitAny: each is checked where it is used
  values: Record<string, any>;
  files: Map<string, Upload>;
}

const place = 'chat_id message_thread_id disable_notification';
/** What each method takes. Telegram overlooks what it does not know; here that is refused, as a misspelt one does nothing for the reader. */
const known: Record<string, string> = {
  getme: '',
  getchat: 'chat_id',
  getchatmember: 'chat_id user_id',
  deletemessage: 'chat_id message_id',
  sendmessage: `${place} text parse_mode link_preview_options protect_content reply_parameters reply_markup`,
  sendphoto: `${place} photo caption parse_mode has_spoiler show_caption_above_media protect_content reply_parameters reply_markup`,
  editmessagetext: 'chat_id message_id text parse_mode link_preview_options reply_markup',
  editmessagecaption: 'chat_id message_id caption parse_mode show_caption_above_media reply_markup',
  editmessagemedia: 'chat_id message_id media reply_markup',
};
const types: Record<string, (value: unknown) => boolean> = {
  chat_id: (value) => Number.isSafeInteger(value) || /^(-?\d{1,16}|@\w{4,32})$/.test(String(value)),
  message_id: Number.isSafeInteger,
  message_thread_id: Number.isSafeInteger,
  user_id: Number.isSafeInteger,
  disable_notification: isBoolean,
  protect_content: isBoolean,
  has_spoiler: isBoolean,
  show_caption_above_media: isBoolean,
  link_preview_options: hasOnly('is_disabled url prefer_small_media prefer_large_media show_above_text'),
  media: hasOnly('type media caption parse_mode show_caption_above_media has_spoiler'),
};

export const isMethod = (method: string): boolean => Object.hasOwn(known, method);

/** The parameters, from a query, JSON or a form, or why the call is refused: https://core.telegram.org/bots/api#making-requests */
export async function paramsOf(method: string, request: ReceivedRequest): Promise<Params | { refused: string }> {
  const read = await parts(request);
  if (!read) return { refused: "can't parse the body: it must be JSON or a form, as its Content-Type says" };
  for (const [name, value] of Object.entries(read.values)) {
    if (!known[method]!.split(' ').includes(name)) return { refused: `parameter "${name}" is unknown to ${method}` };
    if (Object.hasOwn(types, name) && !types[name]!(value)) return { refused: `parameter "${name}" has a wrong value` };
  }
  return read;
}

async function parts({ url, headers, body, json }: ReceivedRequest): Promise<Params | undefined> {
  const values: Params['values'] = Object.fromEntries([...new URL(url, 'http://t').searchParams].map(readable));
  const files: Params['files'] = new Map();
  if (body.length === 0) return { values, files };
  const type = headers['content-type'] ?? '';
  if (/^application\/json\b/.test(type)) return isObject(json) ? { values: { ...values, ...json }, files } : undefined;
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/.test(type)) return undefined;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => undefined);
  if (!form) return undefined;
  for (const [name, part] of form) {
    if (typeof part === 'string') values[name] = readable([name, part])[1];
    else files.set(name, { name: part.name, bytes: Buffer.from(await part.arrayBuffer()) });
  }
  return { values, files };
}

/** Forms and queries know texts alone: what is no text by its name is written as JSON. */
function readable([name, text]: [string, string]): [string, unknown] {
  if (name === 'chat_id' || !Object.hasOwn(types, name)) return [name, text];
  try {
    return [name, JSON.parse(text)];
  } catch {
    return [name, text];
  }
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function hasOnly(names: string) {
  return (value: unknown): boolean => isObject(value) && Object.keys(value).every((key) => names.split(' ').includes(key));
}
