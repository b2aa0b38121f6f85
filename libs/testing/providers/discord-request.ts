import type { Answer, ReceivedRequest } from '../receiver.js';
import { invalidMessage, refusal } from './discord-answers.js';
import type { ReadMessage } from './discord-message.js';
import { isEmpty, type Message, type Wrong, wrongs } from './discord-rules.js';

export interface File {
  /** The `n` of its part `files[n]`, which names it in `attachments`. */
  n: string;
  filename: string;
  size: number;
}
export interface Read {
  message: Message;
  files: File[];
}

const mebibyte = 1024 * 1024;

/** The message that a request brings, or why Discord refuses it; `old` is the one that is edited. */
export async function messageOf(request: ReceivedRequest, old?: ReadMessage): Promise<Read | { refused: Answer }> {
  const parts = await partsOf(request);
  if (request.body.length > 25 * mebibyte) return { refused: refusal(40005) };
  if (!parts)
    return { refused: refusal(50035, [['_content_type', 'CONTENT_TYPE_INVALID', 'Expected "Content-Type" header to be JSON']]) };
  const { message, files, strange } = parts;
  if (!message) return { refused: refusal(50109) };
  if (files.length > 10) return { refused: refusal(30015) };
  if (files.some((file) => file.size > 10 * mebibyte)) return { refused: refusal(40005) };
  const names = files.map((file) => file.filename);
  const faults = [
    ...strange.map((name): Wrong => [name, 'UNKNOWN_PART', 'is no part of a form for Discord']),
    ...wrongs(message, old ? [...names, ...old.attachments.map((one) => one.filename)] : names, old ? 'edit' : 'message'),
    ...attachmentWrongs(message, files, old),
  ];
  if (faults.length > 0) return { refused: invalidMessage(faults) };
  const whole = old ? { content: old.content, embeds: old.embeds, ...message } : message;
  return isEmpty(whole, names) ? { refused: refusal(50006) } : { message, files };
}

async function partsOf({
  headers,
  body,
  json,
}: ReceivedRequest): Promise<{ message?: Message; files: File[]; strange: string[] } | undefined> {
  const type = headers['content-type'] ?? '';
  if (/^application\/json\b/.test(type)) return { message: isObject(json) ? json : undefined, files: [], strange: [] };
  if (!/^multipart\/form-data\b/.test(type)) return undefined;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => undefined);
  if (!form) return { files: [], strange: [] };
  const entries = [...form.entries()];
  const files = entries.flatMap(([name, part]) => {
    const n = /^files\[(\d+)\]$/.exec(name)?.[1];
    return typeof part !== 'string' && n !== undefined ? [{ n, filename: part.name, size: part.size }] : [];
  });
  const strange = entries.map(([name]) => name).filter((name) => name !== 'payload_json' && !/^files\[\d+\]$/.test(name));
  return { message: jsonOf(form.get('payload_json')), files, strange };
}

/** Whatever is listed must be there: a file of this request, by its number, or one that the message has. All of this request's must be listed. */
function attachmentWrongs({ attachments }: Message, files: File[], old: ReadMessage | undefined): Wrong[] {
  if (!attachments) return [];
  const listed = new Set(attachments.map((one) => String(one.id)));
  const known = new Map([...files.map((file) => [file.n, file.filename] as const)]);
  const kept = new Set(old?.attachments.map((one) => one.id));
  return [
    ...attachments.flatMap(({ id, filename, description = '' }, at): Wrong[] => {
      const path = `attachments.${at}`;
      const name = known.get(String(id));
      if (name === undefined && !kept.has(String(id))) return [[`${path}.id`, 'UNKNOWN_ATTACHMENT', `No file is ${id}.`]];
      if (name !== undefined && filename !== undefined && filename !== name)
        return [[`${path}.filename`, 'OTHER_FILENAME', `The file ${id} is named ${name}.`]];
      return [...(description ?? '')].length > 1024
        ? [[`${path}.description`, 'BASE_TYPE_MAX_LENGTH', 'Must be 1024 or fewer in length.']]
        : [];
    }),
    ...files
      .filter((file) => !listed.has(file.n))
      .map((file): Wrong => ['attachments', 'ATTACHMENT_NOT_LISTED', `The file ${file.n} is sent but not listed.`]),
  ];
}

function jsonOf(text: unknown): Message | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
const isObject = (value: unknown): value is Message => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isTrue = (text: string | null) => text === 'true' || text === 'True' || text === '1';

const queryKeys: Record<string, string[]> = {
  POST: ['wait', 'thread_id', 'with_components'],
  PATCH: ['thread_id', 'with_components'],
  GET: ['thread_id'],
  DELETE: ['thread_id'],
};

/** Discord overlooks what it does not know in a query; here it is refused, as a misspelt key does nothing. */
export function queryFault(method: string, query: URLSearchParams): Answer | undefined {
  const strange = [...query.keys()].filter((key) => !queryKeys[method]?.includes(key));
  return strange.length > 0
    ? refusal(
        50035,
        strange.map((key) => [key, 'UNKNOWN_KEY', 'is no key of this query']),
      )
    : undefined;
}

/** Where the message goes: forum channels are nothing but threads. */
export function placeFault(
  { forum, threads }: { forum: boolean; threads: string[] },
  thread: string | null,
  name: string | undefined,
): Answer | undefined {
  if (thread && name) return refusal(220002);
  if (forum && !thread && !name) return refusal(220001);
  if (!forum && name) return refusal(220003);
  return thread && !threads.includes(thread) ? refusal(10003) : undefined;
}
