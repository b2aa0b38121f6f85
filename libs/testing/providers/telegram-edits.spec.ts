import { type TelegramProvider, telegramProvider } from './telegram.js';

let telegram: TelegramProvider;
let token: string;
let chat_id: string;
beforeEach(async () => {
  telegram = await telegramProvider({ limits: null });
  token = telegram.newBot();
  chat_id = telegram.newChat();
});
afterEach(() => telegram.close());

async function call(method: string, params: Record<string, unknown>, files: Record<string, Buffer> = {}, as = token) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ chat_id, ...params }))
    form.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  for (const [name, bytes] of Object.entries(files)) form.append(name, new Blob([new Uint8Array(bytes)]), `${name}.jpg`);
  const response = await fetch(`${telegram.origin}/bot${as}/${method}`, { method: 'POST', body: form });
  const { result, description } = JSON.parse(await response.text());
  return { status: response.status, result, said: description as string };
}
const png = (width: number, height: number) => {
  const head = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0', 'latin1');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head;
};
const webp = Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1');

describe('pictures', () => {
  it('are taken by their content, and listed from the smallest to the largest', async () => {
    const { result } = await call('sendPhoto', { caption: 'a' }, { photo: png(1280, 960) });
    expect(result.photo.map(({ width }: { width: number }) => width)).toEqual([90, 1280]);
    expect(result).toMatchObject({ caption: 'a' });
    expect((await call('sendPhoto', {}, { photo: webp })).status).toBe(200);
    expect((await call('sendPhoto', { photo: 'attach://p' }, { p: png(10, 10) })).status).toBe(200);
  });

  it.each([
    ['no picture', { photo: Buffer.from('GIF89a') }, 'IMAGE_PROCESS_FAILED'],
    ['nothing', { photo: Buffer.alloc(0) }, 'file must be non-empty'],
    ['too wide and high', { photo: png(9_000, 1_001) }, 'PHOTO_INVALID_DIMENSIONS'],
    ['too narrow', { photo: png(2_100, 100) }, 'PHOTO_INVALID_DIMENSIONS'],
    ['under another name', { picture: png(10, 10) }, 'there is no photo in the request'],
    [
      'too large',
      { photo: Buffer.concat([png(10, 10), Buffer.alloc(10 * 1024 * 1024)]) },
      'file of size 10485784 bytes is too big for a photo; the maximum size is 10485760 bytes',
    ],
  ] as [string, Record<string, Buffer>, string][])('are refused when they are %s', async (_, files, why) => {
    expect((await call('sendPhoto', {}, files)).said).toBe(`Bad Request: ${why}`);
  });

  it('are sent again by name, by the bot that uploaded them', async () => {
    const { result } = await call('sendPhoto', {}, { photo: png(10, 10) });
    const photo = result.photo.at(-1).file_id;
    expect((await call('sendPhoto', { photo })).result.photo.at(-1)).toMatchObject({ file_id: photo });
    const unknown = 'Bad Request: wrong file identifier/HTTP URL specified';
    expect((await call('sendPhoto', { photo }, {}, telegram.newBot())).said).toBe(unknown);
    expect((await call('sendPhoto', { photo: 'AgACAgQx' })).said).toBe(unknown);
    expect((await call('sendPhoto', { photo: 'https://x.example/a.jpg' })).said).toBe(
      'Bad Request: failed to get HTTP URL content',
    );
  });
});

describe('edits', () => {
  const text = async (words = 'a') => (await call('sendMessage', { text: words })).result.message_id;
  const photo = async () => (await call('sendPhoto', { caption: 'a' }, { photo: png(10, 10) })).result.message_id;

  it('change a text, and a caption, each by its own method', async () => {
    const [one, other] = [await text(), await photo()];
    expect((await call('editMessageText', { message_id: one, text: 'b' })).result).toMatchObject({ message_id: one, text: 'b' });
    expect((await call('editMessageCaption', { message_id: other, caption: 'b' })).result).toMatchObject({ caption: 'b' });
    expect((await call('editMessageText', { message_id: other, text: 'c' })).said).toBe(
      'Bad Request: there is no text in the message to edit',
    );
    expect((await call('editMessageCaption', { message_id: one, caption: 'c' })).said).toBe(
      'Bad Request: there is no caption in the message to edit',
    );
    expect(telegram.messages.map((message) => [message.text, message.edits])).toEqual([
      ['b', 1],
      ['b', 1],
    ]);
  });

  it('that change nothing are refused: neither text nor markup', async () => {
    const message_id = await text('a');
    expect((await call('editMessageText', { message_id, text: 'a ' })).said).toMatch(
      /^Bad Request: message is not modified: specified new/,
    );
    expect((await call('editMessageText', { message_id, text: '<b>a</b>', parse_mode: 'HTML' })).status).toBe(200);
    const pictured = await photo();
    const media = { type: 'photo', media: telegram.messages.at(-1)!.photo!.file_id, caption: 'a' };
    expect((await call('editMessageMedia', { message_id: pictured, media })).said).toMatch(/not modified/);
  });

  it('swap a picture, and put one in place of a text', async () => {
    const media = { type: 'photo', media: 'attach://p', caption: '<b>b</b>', parse_mode: 'HTML' };
    for (const message_id of [await text(), await photo()]) {
      const { result } = await call('editMessageMedia', { message_id, media }, { p: png(20, 20) });
      expect(result).toMatchObject({ message_id, caption: 'b', caption_entities: [{ type: 'bold' }] });
      expect(telegram.messages.at(message_id - 1)?.photo).toMatchObject({ width: 20 });
    }
    const message_id = await photo();
    expect((await call('editMessageMedia', { message_id, media })).said).toBe('Bad Request: there is no photo in the request');
    const video = { type: 'video', media: 'attach://p' };
    expect((await call('editMessageMedia', { message_id, media: video }, { p: webp })).said).toBe(
      'Bad Request: type of file mismatch',
    );
  });

  it("find no message that is gone, and change no other bot's", async () => {
    const message_id = await text();
    const other = telegram.newBot();
    expect((await call('editMessageText', { message_id, text: 'b' }, {}, other)).said).toBe(
      "Bad Request: message can't be edited",
    );
    expect((await call('deleteMessage', { message_id })).result).toBe(true);
    expect((await call('editMessageText', { message_id, text: 'b' })).said).toBe('Bad Request: message to edit not found');
  });

  it.each([
    ['blocked', 403, 'Forbidden: bot was blocked by the user'],
    ['deactivated', 403, 'Forbidden: user is deactivated'],
    ['not started', 403, "Forbidden: bot can't initiate conversation with a user"],
    ['read only', 400, 'Bad Request: not enough rights to send text messages to the chat'],
  ] as const)('and messages are refused in a chat that is %s', async (state, status, said) => {
    const message_id = await text();
    telegram.become(chat_id, state);
    expect(await call('editMessageText', { message_id, text: 'b' })).toMatchObject({ status, said });
    expect(await call('sendMessage', { text: 'b' })).toMatchObject({ status, said });
    telegram.become(chat_id);
    expect((await call('sendMessage', { text: 'b' })).status).toBe(200);
  });
});
