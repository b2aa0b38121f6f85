import { type TelegramOptions, type TelegramProvider, telegramProvider } from './telegram.js';

let telegram: TelegramProvider;
let token: string;
const start = async (options?: TelegramOptions) => {
  telegram = await telegramProvider(options);
  token = telegram.newBot();
  return telegram;
};
afterEach(() => telegram.close());

async function call(method: string, params: object | FormData = {}, as = token) {
  const isForm = params instanceof FormData;
  const response = await fetch(`${telegram.origin}/bot${as}/${method}`, {
    method: 'POST',
    ...(isForm ? {} : { headers: { 'content-type': 'application/json' } }),
    body: isForm ? params : JSON.stringify(params),
  });
  const reply = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, reply, said: reply.description as string };
}
const form = (params: Record<string, string>, picture: Buffer, part = 'photo') => {
  const data = new FormData();
  for (const [name, value] of Object.entries(params)) data.append(name, value);
  data.append(part, new Blob([new Uint8Array(picture)]), 'p.jpg');
  return data;
};
const jpeg = (bytes = 100) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(bytes - 4)]);

describe('a strict Telegram', () => {
  it('knows its tokens: 404 for what is none, 401 for one that is not known', async () => {
    await start();
    for (const as of ['x', '0123:abc', `1:${'a'.repeat(90)}`, ':abc'])
      expect((await call('getMe', {}, as)).reply).toEqual({ ok: false, error_code: 404, description: 'Not Found' });
    expect((await call('getMe', {}, `${token}x`)).reply).toEqual({ ok: false, error_code: 401, description: 'Unauthorized' });
    expect((await call('getme')).reply).toMatchObject({ ok: true, result: { is_bot: true, id: Number(token.split(':')[0]) } });
    expect((await call('sendMesage')).said).toBe('Not Found: method not found');
  });

  it('takes a query, JSON and forms, and answers with what it made of them', async () => {
    await start({ limits: null });
    const chat_id = telegram.newChat();
    const sent = await fetch(
      `${telegram.origin}/bot${token}/sendMessage?chat_id=${chat_id}&text=a%20b&disable_notification=true`,
    );
    expect(await sent.json()).toMatchObject({ ok: true, result: { message_id: 1, chat: { id: Number(chat_id) }, text: 'a b' } });
    expect(
      (await call('sendMessage', { chat_id: Number(chat_id), text: '<b>é</b>', parse_mode: 'HTML' })).reply.result,
    ).toMatchObject({
      message_id: 2,
      text: 'é',
      entities: [{ type: 'bold', offset: 0, length: 1 }],
    });
    const data = new FormData();
    data.append('chat_id', chat_id);
    data.append('text', 'c');
    expect((await call('sendMessage', data)).status).toBe(200);
    expect(telegram.messages.map(({ text, silent }) => [text, silent])).toEqual([
      ['a b', true],
      ['é', false],
      ['c', false],
    ]);
  });

  it('repeats texts with escapes for all that is not ASCII', async () => {
    await start({ limits: null });
    const chat_id = telegram.newChat();
    const sent = await fetch(`${telegram.origin}/bot${token}/sendMessage?chat_id=${chat_id}&text=%F0%9F%9A%80`);
    expect(await sent.text()).toContain('"text":"\\ud83d\\ude80"');
  });

  it.each([
    [{ text: '' }, 'message text is empty'],
    [{ text: ' \n\u200b' }, 'message text is empty'],
    [{ text: '<b></b>', parse_mode: 'HTML' }, 'message text is empty'],
    [{ text: '🚀'.repeat(4097) }, 'message is too long'],
    [{ text: 'a<b', parse_mode: 'HTML' }, "can't parse entities: Unclosed start tag at byte offset 1"],
    [{ text: 'a', parse_mode: 'Html5' }, 'unsupported parse_mode'],
    [{ text: 'a', caption: 'b' }, 'parameter "caption" is unknown to sendmessage'],
    [{ text: 'a', disable_web_page_preview: true }, 'parameter "disable_web_page_preview" is unknown to sendmessage'],
    [{ text: 'a', message_thread_id: '5' }, 'parameter "message_thread_id" has a wrong value'],
    [{ text: 'a', link_preview_options: { disabled: true } }, 'parameter "link_preview_options" has a wrong value'],
    [{ text: 7 }, 'text must be a string'],
  ])('refuses %j', async (params, why) => {
    await start({ limits: null });
    const { status, said } = await call('sendMessage', { chat_id: telegram.newChat(), ...params });
    expect([status, said]).toEqual([400, `Bad Request: ${why}`]);
    expect(telegram.messages).toEqual([]);
  });

  it('counts characters once they are parsed: emoji as one, markup as none', async () => {
    await start({ limits: null });
    const chat_id = telegram.newChat();
    const text = `<b>${'🚀'.repeat(4095)}</b>&amp;`;
    expect((await call('sendMessage', { chat_id, text, parse_mode: 'HTML' })).status).toBe(200);
    const photo = (caption: string) => call('sendPhoto', form({ chat_id, caption, parse_mode: 'HTML' }, jpeg()));
    expect((await photo('&lt;'.repeat(1024))).status).toBe(200);
    expect((await photo('&lt;'.repeat(1025))).said).toBe('Bad Request: message caption is too long');
  });

  it('refuses a body of another kind than it says', async () => {
    await start();
    const bodies: [string, string][] = [
      ['application/json', '{'],
      ['application/json', '[]'],
      ['text/plain', '{}'],
      ['multipart/form-data', 'x'],
    ];
    for (const [type, body] of bodies) {
      const init = { method: 'POST', headers: { 'content-type': type }, body };
      expect((await fetch(`${telegram.origin}/bot${token}/getMe`, init)).status).toBe(400);
    }
  });

  it('overlooks a topic where there are none, and knows those there are', async () => {
    await start({ limits: null });
    const to = (chat_id: string, message_thread_id: number) => call('sendMessage', { chat_id, text: 'a', message_thread_id });
    expect((await to(telegram.newChat({ type: 'supergroup' }), 9)).status).toBe(200);
    const forum = telegram.newChat({ type: 'supergroup', topics: [5] });
    expect((await to(forum, 5)).reply.result).toMatchObject({ message_thread_id: 5, is_topic_message: true });
    for (const topic of [1, 6]) expect((await to(forum, topic)).said).toBe('Bad Request: message thread not found');
    telegram.closeTopic(forum, 5);
    expect((await to(forum, 5)).said).toBe('Bad Request: TOPIC_CLOSED');
  });

  it('finds by name what is no person', async () => {
    await start({ limits: null });
    telegram.newChat({ username: 'adabyron' });
    telegram.newChat({ type: 'channel', username: 'Farm' });
    expect((await call('sendMessage', { chat_id: '@adabyron', text: 'a' })).said).toBe('Bad Request: chat not found');
    expect((await call('sendMessage', { chat_id: '@farm', text: 'a' })).status).toBe(200);
    expect((await call('sendMessage', { text: 'a' })).said).toBe('Bad Request: chat_id is empty');
  });

  it('tells the new id of a group that was upgraded', async () => {
    await start({ limits: null });
    const chat_id = telegram.newChat({ type: 'group' });
    const upgraded = telegram.upgrade(chat_id);
    expect((await call('sendMessage', { chat_id, text: 'a' })).reply).toMatchObject({
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: Number(upgraded) },
    });
  });

  it('gives way to what a test lays down, once each', async () => {
    await start({ limits: null });
    telegram.answerNext({ status: 502 }, (request) => ({ status: 418, body: { url: request.url } }));
    expect((await fetch(`${telegram.origin}/bot${token}/getMe`)).status).toBe(502);
    expect((await call('getMe')).status).toBe(418);
    expect((await call('getMe')).status).toBe(200);
    expect(telegram.requests).toHaveLength(3);
  });
});
