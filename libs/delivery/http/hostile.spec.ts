import { createServer as createTcpServer, type Socket } from 'node:net';
import { client, failure, listening, raw, web } from './receivers.js';

describe('a hostile receiver', () => {
  const drip = (socket: Socket, head: string, piece: string): void => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), 100);
    socket.on('close', () => clearInterval(timer));
  };

  it.each([
    ['says nothing', () => {}],
    ['drips its headers', (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx: ', 'a')],
    ['drips its body', (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', 'a')],
    ['sends interim answers only', (socket: Socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  ])('that %s costs no more than the time limit', async (_, answer) => {
    const late = await failure(client().request({ url: await raw(answer), timeoutMs: 500 }));
    expect(late.reason).toBe('timeout');
    expect(late.latencyMs).toBeGreaterThanOrEqual(490);
    expect(late.latencyMs).toBeLessThan(1500);
  });

  it('that sends headers without end is cut off', async () => {
    const url = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write(`x-${'a'.repeat(1000)}: b\r\n`));
      };
      socket.on('drain', more);
      more();
    });
    const cut = await failure(client().request({ url, timeoutMs: 5000 }));
    expect([cut.reason, cut.message]).toEqual(['network', expect.stringContaining('bytes of headers')]);
  });

  it.each([
    ['with a length', 'content-length: 1000000000\r\n', ''],
    ['in chunks', 'transfer-encoding: chunked\r\n', 'ffffff\r\n'],
    ['until it closes', 'connection: close\r\n', ''],
  ])('that sends a huge body %s is read for 64 KiB, and its answer counts', async (_, header, start) => {
    let sent = 0;
    const gone: Promise<void>[] = [];
    const url = await raw((socket) => {
      gone.push(new Promise((done) => socket.on('close', () => done())));
      socket.write(`HTTP/1.1 200 OK\r\n${header}\r\n${start}`);
      const more = (): void => {
        do sent += 16384;
        while (!socket.destroyed && socket.write('ü'.repeat(8192)));
      };
      socket.on('drain', more);
      more();
    });
    const reply = await client().request({ url, timeoutMs: 5000 });
    expect([reply.status, reply.body]).toEqual([200, 'ü'.repeat(8192)]);
    await Promise.all(gone);
    expect(sent).toBeLessThan(20_000_000);
  });

  it('never makes a broken character out of the cut', async () => {
    const url = await web((_, response) => response.end(`a${'ü'.repeat(20_000)}`));
    const { body } = await client().request({ url, timeoutMs: 2000 });
    expect(body).toBe(`a${'ü'.repeat(8191)}`);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(16 * 1024);
  });

  it.each([
    ['closes without an answer', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['closes amid its headers', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nx: ')],
    ['closes amid its body', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')],
    ['closes amid a chunk', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc')],
    ['answers something else', (socket: Socket) => socket.end('220 mail.example ESMTP\r\n')],
    ['answers binary', (socket: Socket) => socket.end(Buffer.from([0, 1, 2, 255]))],
    ['has a bad length', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n')],
    ['has a bad chunk', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')],
    [
      'changes protocols',
      (socket: Socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('that %s is a network failure', async (_, answer) => {
    const url = await raw(answer);
    const broken = await failure(
      client().request({ url: `${url}/t0ps3cret?k=t0ps3cret`, headers: { 'x-api-key': 't0ps3cret' }, timeoutMs: 3000 }),
    );
    expect(broken.reason).toBe('network');
    expect(`${broken.message} ${JSON.stringify(broken)} ${broken.stack}`).not.toContain('t0ps3cret');
    expect(broken.message).toContain(url.slice(7));
    expect(broken.cause).toBeUndefined();
  });

  it('that is not there is a network failure', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    await new Promise((done) => server.close(done));
    const gone = await failure(client().request({ url: `http://127.0.0.1:${port}/s3cret`, timeoutMs: 2000 }));
    expect([gone.reason, gone.message]).toEqual(['network', expect.stringMatching(/nothing listens.*ECONNREFUSED/)]);
  });

  it('gets no half-built request', async () => {
    const url = await web((_, response) => response.end());
    const http = client();
    const bad = await failure(http.request({ url: `${url}/s3cret`, headers: { 'x-key': 's3cret\r\nx: y' }, timeoutMs: 2000 }));
    expect([bad.reason, bad.message]).toEqual(['blocked', expect.not.stringContaining('s3cret')]);
    expect((await failure(http.request({ url, headers: { 'x-key': '🚀' }, timeoutMs: 2000 }))).reason).toBe('blocked');
    for (const text of ['no url s3cret', 'file:///etc/passwd', 'ftp://s3cret.example/']) {
      const none = await failure(http.request({ url: text, timeoutMs: 2000 }));
      expect([none.reason, none.message]).toEqual(['blocked', expect.not.stringMatching(/s3cret|passwd/)]);
    }
  });
});
