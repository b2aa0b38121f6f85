import { createHttp, egressPolicy, type Http, type MessageRef, type Picture } from '#delivery';
import { type TelegramProvider, telegramProvider } from '#testing';
import { telegram } from './index.js';
import { benchy, eventOf, jpeg } from './samples.js';
import type { Settings } from './settings.js';

describe('the change of a Telegram message', () => {
  let provider: TelegramProvider;
  let http: Http;
  let settings: Settings;
  beforeAll(async () => {
    provider = await telegramProvider({ limits: null });
    http = createHttp({ policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }), userAgent: 'x' });
  });
  beforeEach(() => {
    settings = { bot_token: provider.newBot(), chat_id: provider.newChat(), silent: [] };
  });
  afterAll(async () => {
    await http.close();
    await provider.close();
  });

  const progress = (percent: number) => ({
    type: 'job.progress',
    printer: { name: 'X1C' },
    job: { name: 'Benchy', progress: percent },
  });
  const send = async (event: object, { edits, picture }: { edits?: MessageRef; picture?: Picture } = {}) => {
    const sending = { deliveryId: 'd', now: new Date(), http, origin: provider.origin };
    const reply = await telegram.send(telegram.render(eventOf(event), settings, { publicUrl: '' }), settings, {
      ...sending,
      ...(edits && { edits }),
      ...(picture && { picture }),
    });
    return { reply, ref: telegram.edits?.refOf(reply, settings), verdict: telegram.verdict?.(reply, settings) };
  };
  const methods = () => provider.requests.map(({ url }) => url.split('/').at(-1));
  const own = () => provider.messages.filter((one) => one.chat_id === settings.chat_id);

  it('of a text changes its text, in the same message', async () => {
    const { ref } = await send(progress(10));
    const changed = await send(progress(20), { edits: ref });
    expect([changed.reply.status, changed.ref, methods().at(-1)]).toEqual([200, ref, 'editMessageText']);
    expect(own()).toEqual([expect.objectContaining({ edits: 1, text: expect.stringContaining('20 %') })]);
    expect(provider.requests.at(-1)?.json).toMatchObject({ parse_mode: 'HTML', link_preview_options: { is_disabled: true } });
  });

  it('of a message with a picture changes its caption, and keeps the picture', async () => {
    const { ref } = await send(progress(10), { picture: jpeg() });
    const { photo } = own()[0]!;
    const changed = await send(progress(20), { edits: ref });
    expect([changed.reply.status, changed.ref, methods().at(-1)]).toEqual([200, ref, 'editMessageCaption']);
    expect(own()).toEqual([expect.objectContaining({ edits: 1, photo, text: expect.stringContaining('20 %') })]);
  });

  it('swaps the picture, uploaded or by its name', async () => {
    const { ref } = await send(progress(10), { picture: jpeg() });
    const swapped = await send(progress(20), { edits: ref, picture: jpeg(800, 600) });
    expect([swapped.reply.status, swapped.ref, methods().at(-1)]).toEqual([200, ref, 'editMessageMedia']);
    expect(own()).toEqual([
      expect.objectContaining({ photo: expect.objectContaining({ width: 800 }), text: expect.stringContaining('20 %') }),
    ]);
    const file = telegram.fileOf?.(swapped.reply);
    await send(progress(30), { edits: ref, picture: jpeg() });
    expect((await send(progress(40), { edits: ref, picture: { ...jpeg(), file } })).reply.status).toBe(200);
    expect(provider.requests.at(-1)?.json).toMatchObject({ media: { type: 'photo', media: file } });
    expect(own()).toEqual([expect.objectContaining({ edits: 3, photo: expect.objectContaining({ file_id: file, width: 800 }) })]);
  });

  it('turns a text into a picture with a caption', async () => {
    const { ref } = await send(progress(10));
    const turned = await send(progress(20), { edits: ref, picture: jpeg() });
    expect(turned.ref).toEqual({ ...ref, photo: true });
    expect(own()).toEqual([expect.objectContaining({ photo: expect.anything(), text: expect.stringContaining('20 %') })]);
    expect((await send(progress(30), { edits: turned.ref })).reply.status).toBe(200);
  });

  it('that changes nothing is as good as delivered', async () => {
    const { ref } = await send(progress(10));
    const again = await send(progress(10), { edits: ref });
    expect([again.reply.status, again.verdict]).toEqual([400, expect.objectContaining({ outcome: 'delivered', reason: null })]);
  });

  it("of a message that is gone, another bot's, or of the other kind sends a new one", async () => {
    const { ref } = await send(progress(10));
    const { ref: pictured } = await send(progress(10), { picture: jpeg() });
    const asked = async (edits: MessageRef) => (await send(progress(20), { edits })).verdict;
    const anew = expect.objectContaining({ outcome: 'again', without: 'edit' });
    expect(await asked({ ...ref, message_id: 999 })).toEqual(anew);
    expect(await asked({ ...ref, photo: true })).toEqual(anew);
    expect(await asked({ ...pictured, photo: false })).toEqual(anew);
    settings = { ...settings, bot_token: provider.newBot() };
    expect(await asked(ref!)).toEqual(anew);
    expect((await send(progress(20))).reply.status).toBe(200);
  });

  it('never touches a message of another chat that has the same id', async () => {
    const { ref } = await send(progress(10));
    settings = { ...settings, chat_id: provider.newChat() };
    await send(benchy);
    const { ref: next } = await send(progress(20), { edits: ref });
    expect([methods().at(-1), next]).toEqual(['sendMessage', { message_id: 2, photo: false, chat_id: settings.chat_id }]);
    expect(own().map(({ edits }) => edits)).toEqual([0, 0]);
  });
});
