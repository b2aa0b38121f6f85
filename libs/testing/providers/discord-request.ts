import type { APIEmbed } from 'discord-api-types/v10';
import type { Answer, ReceivedRequest } from '../receiver.js';
import { invalidMessage, refusal } from './discord-answers.js';
import { isEmpty, type Message, wrongs } from './discord-rules.js';

interface File {
  filename: string;
  size: number;
}
interface Read {
  message: Message;
  files: File[];
}
/** What stays of an edited message where the edit says nothing. */
interface Kept {
  content: string;
  embeds: APIEmbed[];
  attachments: { filename: string }[];
}

const mebibyte = 1024 * 1024;

/** The message that a request brings, or why Discord refuses it; `old` is the one that is edited. */
export async function messageOf(request: ReceivedRequest, old?: Kept): Promise<Read | { refused: Answer }> {
  const parts = await partsOf(request);
  if (request.body.length > 25 * mebibyte) return { refused: refusal(40005) };
  if (!parts)
    return { refused: refusal(50035, [['_content_type', 'CONTENT_TYPE_INVALID', 'Expected "Content-Type" header to be JSON']]) };
  const { message, files } = parts;
  if (!message) return { refused: refusal(50109) };
  if (files.length > 10) return { refused: refusal(30015) };
  if (files.some((file) => file.size > 10 * mebibyte)) return { refused: refusal(40005) };
  const names = files.map((file) => file.filename);
  const faults = wrongs(message, old ? [...names, ...old.attachments.map((one) => one.filename)] : names);
  if (faults.length > 0) return { refused: invalidMessage(faults) };
  const whole = old ? { content: old.content, embeds: old.embeds, ...message } : message;
  return isEmpty(whole, names) ? { refused: refusal(50006) } : { message, files };
}

async function partsOf({ headers, body, json }: ReceivedRequest): Promise<{ message?: Message; files: File[] } | undefined> {
  const type = headers['content-type'] ?? '';
  if (/^application\/json\b/.test(type)) return { message: isObject(json) ? json : undefined, files: [] };
  if (!/^multipart\/form-data\b/.test(type)) return undefined;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => undefined);
  if (!form) return { files: [] };
  const files = [...form.entries()].flatMap(([name, part]) =>
    typeof part !== 'string' && /^files\[\d+\]$/.test(name) ? [{ filename: part.name, size: part.size }] : [],
  );
  return { message: jsonOf(form.get('payload_json')), files };
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

/** Embeds ping nobody; the content does as allowed, and unless told a webhook may ping users. */
export function pingsOf({ content = '', allowed_mentions: allowed = { parse: ['users' as never] } }: Message): string[] {
  const may = (kind: string, id?: string) =>
    (allowed.parse as string[] | undefined)?.includes(kind) ||
    (id !== undefined && (allowed as Record<string, string[] | undefined>)[kind]?.includes(id));
  return [...(content ?? '').matchAll(/@everyone|@here|<@(&?)!?(\d+)>/g)]
    .filter(([text, role, id]) => (text.startsWith('@') ? may('everyone') : may(role ? 'roles' : 'users', id)))
    .map(([text]) => text);
}
