import { createServer as createTcpServer, type Socket } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { client, failure, listening, raw, web } from './receivers.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;
/** Writes `piece` for as long as anybody reads. */
const pour = (socket: Socket, head: string, piece: string): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.write(head);
  socket.on('drain', more);
  more();
};
const drip = (socket: Socket, head: string, piece: string): void => {
  socket.write(head);
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on('close', () => clearInterval(timer));
};

describe('the time limit covers the whole call', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['drips its status line', (socket) => drip(socket, '', ok.slice(0, 1))],
    ['drips a chunk extension', (socket) => drip(socket, `${chunked}1;`, 'a')],
    ['drips its chunks', (socket) => drip(socket, chunked, '1\r\na\r\n')],
    ['drips its trailers', (socket) => drip(socket, `${chunked}0\r\n`, 'a: b\r\n')],
    ['drips blank lines before its answer', (socket) => drip(socket, '', '\r\n')],
    ['drips a body without a length', (socket) => drip(socket, `${ok}connection: close\r\n\r\n`, 'a')],
    ['sends half its headers and closes its half', (socket) => socket.end('HTTP/1.1 200 OK\r\nx')],
  ])('of a receiver that %s', async (_, answer) => {
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => socket.once('data', () => answer(socket)));
    const ended = await failure(client().request({ url: `http://127.0.0.1:${await listening(server)}`, timeoutMs: 400 }));
    expect(['timeout', 'network']).toContain(ended.reason);
    expect(ended.latencyMs).toBeLessThan(5000);
  });

  it('of one that never takes the request in', async () => {
    const port = await listening(createTcpServer({ pauseOnConnect: true }, () => {}));
    const body = Buffer.alloc(32 << 20);
    expect((await failure(client().request({ url: `http://127.0.0.1:${port}`, body, timeoutMs: 400 }))).reason).toBe('timeout');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => {}],
    ['begins a record and stops', (socket) => socket.write(Buffer.from('160303ffff0200', 'hex'))],
    ['drips alerts', (socket) => drip(socket, '', '\x15\x03\x03\x00\x02\x01\x5a')],
  ])('of a TLS handshake in which the receiver %s', async (_, answer) => {
    const url = (await raw(answer)).replace('http:', 'https:');
    const ended = await failure(client().request({ url, timeoutMs: 400 }));
    expect(['timeout', 'tls']).toContain(ended.reason);
    expect(ended.latencyMs).toBeLessThan(5000);
  });

  it('of a name that is never resolved', async () => {
    const http = client({ resolve: () => new Promise(() => {}) });
    expect((await failure(http.request({ url: 'http://never.example/', timeoutMs: 300 }))).reason).toBe('timeout');
  });
});

describe('memory is bounded', () => {
  const grown = async (work: () => Promise<unknown>): Promise<number> => {
    const before = process.memoryUsage().rss;
    let most = before;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 10);
    await work();
    clearInterval(timer);
    return Math.max(most, process.memoryUsage().rss) - before;
  };

  it.each([
    ['headers', ok, `x: ${'b'.repeat(8000)}\r\n`],
    ['many small headers', ok, 'a:b\r\n'.repeat(2000)],
    ['one header', `${ok}x: `, 'a'.repeat(16_384)],
    ['a header name', ok, 'a'.repeat(16_384)],
    ['a status text', 'HTTP/1.1 200 ', 'a'.repeat(16_384)],
    ['interim answers', '', `HTTP/1.1 103 Early Hints\r\nlink: ${'a'.repeat(8000)}\r\n\r\n`],
    ['a chunk extension', `${chunked}1;`, 'a'.repeat(16_384)],
    ['trailers', `${chunked}0\r\n`, `x: ${'b'.repeat(8000)}\r\n`],
    ['chunks of a byte', chunked, '1\r\na\r\n'.repeat(2000)],
    ['a body', `${ok}connection: close\r\n\r\n`, 'a'.repeat(16_384)],
    ['blank lines', '', '\r\n'.repeat(8000)],
  ])(
    'when there is no end of %s',
    async (_, head, piece) => {
      const url = await raw((socket) => pour(socket, head, piece));
      const http = client();
      const calls = () => Promise.allSettled(Array.from({ length: 4 }, () => http.request({ url, timeoutMs: 400 })));
      // 1 GB/s would come in if it were kept
      expect(await grown(calls)).toBeLessThan(250 << 20);
      expect((await http.request({ url: await web((_request, response) => response.end('fine')), timeoutMs: 5000 })).body).toBe(
        'fine',
      );
    },
    20_000,
  );

  const bomb = Buffer.alloc(16 << 20);
  it.each([
    ['gzip', () => gzipSync(bomb)],
    ['gzip, gzip', () => gzipSync(gzipSync(bomb))],
    ['br', () => brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['deflate', () => deflateSync(bomb)],
    ['gzip', () => Buffer.from('this is no gzip')],
  ])('by a body in %s, which is not decoded', async (encoding, made) => {
    const body = made();
    const url = await web((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));
    const reply = await client().request({ url, timeoutMs: 10_000 });
    expect([reply.status, Buffer.byteLength(reply.body)]).toEqual([200, expect.any(Number)]);
    expect(reply.body.length).toBeLessThanOrEqual(16 * 1024);
  });
});
