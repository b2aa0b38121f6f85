import { createHttp, egressPolicy, type Http, type Part, type Picture } from '#delivery';
import { type TelegramProvider, telegramProvider } from '#testing';
import { telegram } from './index.js';
import { benchy, eventOf, jpeg } from './samples.js';
import type { Settings } from './settings.js';

describe('a Telegram call', () => {
  let provider: TelegramProvider;
  let http: Http;
  let bot_token: string;
  beforeAll(async () => {
    provider = await telegramProvider({ limits: null });
    http = createHttp({ policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }), userAgent: 'x' });
    bot_token = provider.newBot();
  });
  afterAll(async () => {
    await http.close();
    await provider.close();
  });
  const to = (chat_id: string, more: Partial<Settings> = {}): Settings => ({ bot_token, chat_id, silent: [], ...more });
  const send = (
    settings: Settings,
    { picture, without, event = benchy }: { picture?: Picture; without?: Part[]; event?: object } = {},
  ) => {
    const links = { publicUrl: '', without: new Set(without), ...(picture && { picture: picture.name }) };
    const sending = { deliveryId: 'd', now: new Date(), http, origin: provider.origin, ...(picture && { picture }) };
    return telegram.send(telegram.render(eventOf(event), settings, links), settings, sending);
  };
  const last = () => provider.messages.at(-1);

  it('sends a text, marked up, without previews of its links', async () => {
    const settings = to(provider.newChat());
    const reply = await send(settings, { event: { ...benchy, link: 'https://farm.example.org/142' } });
    expect(provider.requests.at(-1)).toMatchObject({ method: 'POST', url: `/bot${bot_token}/sendMessage` });
    expect(provider.requests.at(-1)?.json).toMatchObject({ link_preview_options: { is_disabled: true } });
    expect(last()).toMatchObject({ chat_id: settings.chat_id, silent: false, text: expect.stringMatching(/^✅ Print Complete/) });
    const { text, entities } = last()!;
    expect(entities.map(({ type, offset, length, url }) => [type, text.slice(offset, offset + length), url])).toEqual([
      ['bold', 'Print Complete: Benchy (X1C)', undefined],
      ['text_link', 'Open', 'https://farm.example.org/142'],
    ]);
    expect(telegram.verdict?.(reply, settings)).toMatchObject({ outcome: 'delivered' });
  });

  it('finds public groups and channels by name', async () => {
    const chat_id = provider.newChat({ type: 'channel', username: 'PrintFarm' });
    expect((await send(to('@printfarm'))).status).toBe(200);
    expect(last()?.chat_id).toBe(chat_id);
  });

  it('sends without sound what is silent', async () => {
    const settings = to(provider.newChat(), { silent: ['success'] });
    await send(settings);
    expect(last()?.silent).toBe(true);
    await send(settings, { event: { ...benchy, severity: 'error' } });
    expect(last()?.silent).toBe(false);
  });

  it('uploads a picture, which the message then is the caption of', async () => {
    const settings = to(provider.newChat(), { silent: ['success'] });
    const reply = await send(settings, { picture: jpeg(1280, 960) });
    expect(provider.requests.at(-1)?.headers['content-type']).toMatch(/^multipart\/form-data/);
    expect(last()).toMatchObject({
      text: expect.stringMatching(/^✅ Print Complete/),
      photo: { width: 1280, height: 960 },
      silent: true,
    });
    expect(telegram.fileOf?.(reply)).toBe(last()?.photo?.file_id);
  });

  it('names a picture that the bot sent before, in place of its bytes', async () => {
    const file = telegram.fileOf?.(await send(to(provider.newChat()), { picture: jpeg() }));
    const other = to(provider.newChat({ type: 'supergroup' }));
    expect((await send(other, { picture: { ...jpeg(), file } })).status).toBe(200);
    expect(provider.requests.at(-1)?.json).toMatchObject({ photo: file });
    expect(last()).toMatchObject({ chat_id: other.chat_id, photo: { file_id: file } });
  });

  it("goes without the picture that is no picture, or another bot's", async () => {
    const settings = to(provider.newChat());
    const file = telegram.fileOf?.(await send(settings, { picture: jpeg() }));
    const foreign = { ...settings, bot_token: provider.newBot() };
    const refusals = [
      await send(settings, { picture: { ...jpeg(), bytes: Buffer.from('GIF89a') } }),
      await send(settings, { picture: jpeg(9000, 2000) }),
      await send(settings, { picture: jpeg(2100, 100) }),
      await send(foreign, { picture: { ...jpeg(), file } }),
    ];
    for (const reply of refusals)
      expect(telegram.verdict?.(reply, settings)).toMatchObject({ outcome: 'again', without: 'picture' });
    provider.become(settings.chat_id, 'no photos');
    expect(telegram.verdict?.(await send(settings, { picture: jpeg() }), settings)).toMatchObject({ without: 'picture' });
    expect((await send(settings, { without: ['picture'] })).status).toBe(200);
  });

  it('goes to its topic, and to the chat itself when that is closed or gone', async () => {
    const chat_id = provider.newChat({ type: 'supergroup', topics: [5, 6] });
    await send(to(chat_id, { message_thread_id: 5 }));
    expect(last()?.topic).toBe(5);
    provider.closeTopic(chat_id, 6);
    for (const message_thread_id of [6, 7]) {
      const settings = to(chat_id, { message_thread_id });
      expect(telegram.verdict?.(await send(settings), settings)).toMatchObject({ outcome: 'again', without: 'thread' });
      expect((await send(settings, { without: ['thread'] })).status).toBe(200);
      expect(last()?.topic).toBeNull();
    }
  });

  it('follows a group that was upgraded', async () => {
    const settings = to(provider.newChat({ type: 'group' }));
    const chat_id = provider.upgrade(settings.chat_id);
    const verdict = telegram.verdict?.(await send(settings), settings);
    expect(verdict).toMatchObject({ outcome: 'again', moved: { chat_id } });
    expect((await send({ ...settings, ...verdict?.moved })).status).toBe(200);
    expect(last()?.chat_id).toBe(chat_id);
  });

  it.each([
    ['blocked', 'gone'],
    ['deactivated', 'gone'],
    ['not started', 'gone'],
    ['kicked', 'gone'],
    ['left', 'gone'],
    ['deleted', 'gone'],
    ['read only', 'retry'],
  ] as const)('to a chat that is %s: %s', async (state, outcome) => {
    const settings = to(provider.newChat({ type: 'supergroup' }));
    provider.become(settings.chat_id, state);
    expect(telegram.verdict?.(await send(settings), settings)).toMatchObject({ outcome });
  });

  it('with a token that is revoked, or of a chat that is not, finds the destination gone', async () => {
    const settings = to(provider.newChat(), { bot_token: provider.newBot() });
    provider.revoke(settings.bot_token);
    expect(telegram.verdict?.(await send(settings), settings)).toMatchObject({ outcome: 'gone', reason: 'auth' });
    expect(telegram.verdict?.(await send(to('99')), to('99'))).toMatchObject({ outcome: 'gone', reason: 'gone' });
  });

  it('gives an upload more time than a text, and more to both than the server waits before a refusal', async () => {
    const limits: number[] = [];
    const slow = { request: (call: { timeoutMs: number }) => Promise.reject(limits.push(call.timeoutMs)) };
    const settings = to('1');
    const message = telegram.render(eventOf(benchy), settings, { publicUrl: '' });
    const sending = { deliveryId: 'd', now: new Date(), http: slow as never, origin: '' };
    for (const picture of [undefined, jpeg(), { ...jpeg(), file: 'x' }])
      await telegram.send(message, settings, { ...sending, ...(picture && { picture }) }).catch(() => undefined);
    expect(limits).toEqual([15_000, 30_000, 15_000]);
  });
});
