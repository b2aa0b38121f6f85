import type { DiscordProvider } from './discord.js';

/** Calls as a well-behaved client makes them; `path` comes behind the webhook's URL. */
export const callTo =
  ({ origin }: Pick<DiscordProvider, 'origin'>) =>
  async (url: string, method: string, path = '', body?: unknown, headers: Record<string, string> = {}) => {
    const json = body === undefined || body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(url.replace('https://discord.com', origin) + path, {
      method,
      body: json as string,
      headers: {
        'user-agent': 'DiscordBot (https://x.example, 1)',
        ...(json && json === body ? {} : json && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: whatever came back
    const reply: any = text.startsWith('{') ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, reply };
  };

export const embed = (fields: object) => ({ embeds: [fields] });

/** A message with one file of nine bytes. */
export function formOf(body: object, name: string): FormData {
  const form = new FormData();
  form.append('payload_json', JSON.stringify(body));
  form.append('files[0]', new Blob([new Uint8Array(9)], { type: 'image/jpeg' }), name);
  return form;
}
