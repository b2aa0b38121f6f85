import type { ReceivedRequest } from '../receiver.js';

export interface Attachment {
  name: string;
  type: string;
  bytes: Uint8Array;
}
export interface Parameters {
  fields: Record<string, string>;
  attachment?: Attachment;
  /** Parameters that are neither a text nor a number. */
  unreadable: string[];
}

const none: Parameters = { fields: {}, unreadable: [] };

/** What a POST brings: as a form, with files or without, or as JSON. Of any other type nothing is read, and so all is missing. */
export async function parametersOf({ headers, body, json }: ReceivedRequest): Promise<Parameters> {
  const type = headers['content-type'] ?? '';
  if (/^application\/x-www-form-urlencoded\b/.test(type))
    return { fields: Object.fromEntries(new URLSearchParams(body.toString())), unreadable: [] };
  if (/^application\/json\b/.test(type)) return ofJson(json);
  if (!/^multipart\/form-data\b/.test(type)) return none;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => undefined);
  return form ? ofForm(form) : none;
}

function ofJson(json: unknown): Parameters {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return none;
  const given = Object.entries(json).filter(([, value]) => value !== null);
  const readable = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  const fields = Object.fromEntries(given.filter(([, value]) => readable(value)).map(([name, value]) => [name, String(value)]));
  const { attachment_base64: base64, attachment_type: mime = '', ...others } = fields;
  return {
    fields: others,
    unreadable: given.filter(([, value]) => !readable(value)).map(([name]) => name),
    ...(base64 !== undefined && { attachment: { name: 'attachment', type: mime, bytes: Buffer.from(base64, 'base64') } }),
  };
}

async function ofForm(form: FormData): Promise<Parameters> {
  const texts = [...form].filter((part): part is [string, string] => typeof part[1] === 'string');
  const files = [...form].filter((part): part is [string, File] => typeof part[1] !== 'string');
  const file = files.find(([name]) => name === 'attachment')?.[1];
  return {
    fields: Object.fromEntries(texts),
    unreadable: files.map(([name]) => name).filter((name) => name !== 'attachment'),
    ...(file && { attachment: { name: file.name, type: file.type, bytes: new Uint8Array(await file.arrayBuffer()) } }),
  };
}
