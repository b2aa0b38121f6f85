import { fileOf, refOf } from './replies.js';

const settings = { chat_id: '42' };
const reply = (body: string, status = 200) => ({ status, headers: {}, body, latencyMs: 1 });
const sizes = [
  { file_id: 'small', width: 90, height: 67 },
  { file_id: 'large', width: 1280, height: 960 },
  { file_id: 'middle', width: 320, height: 240 },
];
const message = (more: object) => JSON.stringify({ ok: true, result: { message_id: 7, chat: { id: 42 }, ...more } });

describe('a reply', () => {
  it('names the message, and whether it is one with a picture', () => {
    expect(refOf(reply(message({ text: 'a' })), settings)).toEqual({ message_id: 7, photo: false, chat_id: '42' });
    expect(refOf(reply(message({ photo: sizes })), settings)).toEqual({ message_id: 7, photo: true, chat_id: '42' });
  });

  it('names the largest size of the picture', () => {
    expect(fileOf(reply(message({ photo: sizes })))).toBe('large');
    expect(fileOf(reply(message({ text: 'a' })))).toBeUndefined();
  });

  it('of a long message says so too, although it is cut', () => {
    const trap = '"photo":[{"file_id":"forged","width":9999,"height":9999}]';
    const whole = message({ photo: sizes, caption: trap.repeat(500) });
    const cut = reply(whole.slice(0, 16_384));
    expect(() => JSON.parse(cut.body)).toThrow();
    expect([refOf(cut, settings), fileOf(cut)]).toEqual([{ message_id: 7, photo: true, chat_id: '42' }, 'large']);
    const text = reply(message({ text: trap.repeat(500) }).slice(0, 16_384));
    expect([refOf(text, settings), fileOf(text)]).toEqual([{ message_id: 7, photo: false, chat_id: '42' }, undefined]);
  });

  it.each(['', '{}', 'null', '{"ok":true}', '{"ok":true,"result":true}', '{"ok":true,"result":{"message_id":"7"}}', '<html>'])(
    'that is %j names none',
    (body) => {
      expect([refOf(reply(body), settings), fileOf(reply(body))]).toEqual([undefined, undefined]);
    },
  );

  it('with a picture of which nothing is known has no name for it', () => {
    for (const photo of [[], [null], [{}], 'x']) expect(fileOf(reply(message({ photo })))).toBeUndefined();
  });

  it('that a proxy wrote anew is read all the same', () => {
    const pretty = JSON.stringify(JSON.parse(message({ photo: sizes })), undefined, 2);
    expect([refOf(reply(pretty), settings)?.message_id, fileOf(reply(pretty))]).toEqual([7, 'large']);
  });

  it('that is a refusal names none', () => {
    expect(refOf(reply(message({ text: 'a' }), 400), settings)).toBeUndefined();
    expect(refOf(reply('{"ok":false,"result":{"message_id":7}}'), settings)).toBeUndefined();
  });
});
