import { createServer, type Socket } from 'node:net';
import { setTimeout as rest } from 'node:timers/promises';
import { client, failure, listening } from './receivers.js';

const answer = (body: string, more = '') => `HTTP/1.1 200 OK\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
const evil = answer('evil');

/** A receiver that keeps its connections: what it does at the first request; it answers each later one with its path. */
async function keeping(first: (socket: Socket) => void): Promise<string> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      if (asked++ === 0) first(socket);
      else socket.write(answer(String(/^\S+ (\S+)/.exec(bytes.toString())?.[1])));
    });
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

describe('what a receiver sends unasked is nobody’s answer', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['behind its answer', (socket) => socket.write(answer('first') + evil)],
    ['behind its answer, many', (socket) => socket.write(answer('first') + evil.repeat(1000))],
    ['after its answer', (socket) => socket.write(answer('first'), () => setTimeout(() => socket.write(evil), 20))],
    ['half of it', (socket) => socket.write(answer('first') + evil.slice(0, 20))],
    ['as no HTTP', (socket) => socket.write(`${answer('first')}\x00\x01garbage`)],
    ['as an interim answer', (socket) => socket.write(`${answer('first')}HTTP/1.1 103 Early Hints\r\n\r\n`)],
    ['beyond its length', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst, and more')],
    [
      'beyond its last chunk',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n${evil}`),
    ],
    ['before it closes its half', (socket) => socket.end(answer('first') + evil)],
    ['though it has no body', (socket) => socket.write(`HTTP/1.1 204 No Content\r\n\r\n${evil}`)],
  ])('%s', async (_, first) => {
    const url = await keeping(first);
    const http = client();
    const one = await http.request({ url: `${url}/one`, timeoutMs: 3000 }).catch((error) => error);
    expect(String(one.body ?? '')).not.toContain('evil');
    await rest(60);
    for (const path of ['/two', '/three']) expect((await http.request({ url: url + path, timeoutMs: 3000 })).body).toBe(path);
  });
});

it('a length that is said twice or in two ways is no answer', async () => {
  for (const headers of [
    'content-length: 5\r\ncontent-length: 0\r\n',
    'content-length: 5\r\ntransfer-encoding: chunked\r\n',
    'content-length: 5, 5\r\n',
    'content-length: -1\r\n',
    'content-length: +5\r\n',
    'content-length: 0x5\r\n',
    'content-length: 99999999999999999999\r\n',
    'transfer-encoding: chunked, identity\r\n',
    'x: y\0z\r\n',
    'x : y\r\ncontent-length: 5\r\n',
  ]) {
    const url = await keeping((socket) => socket.write(`HTTP/1.1 200 OK\r\n${headers}\r\nfirst`));
    const http = client();
    const ended = await failure(http.request({ url, timeoutMs: 500 })).catch(() => undefined);
    if (ended) expect(['network', 'timeout']).toContain(ended.reason);
    expect((await http.request({ url: `${url}/two`, timeoutMs: 3000 })).body).toBe('/two');
  }
});
