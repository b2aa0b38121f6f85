import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { failureOf, NotBegun } from './failures.js';
import { certificate, client, ends, failure, listening, web } from './receivers.js';

describe('a call', () => {
  it('sends what it is given and returns what came back', async () => {
    const seen: unknown[] = [];
    const url = await web((request, response) => {
      request.setEncoding('utf8').on('data', (body) => {
        seen.push(
          request.method,
          request.url,
          request.headers['user-agent'],
          request.headers['x-api-key'],
          request.headers.host,
          body,
        );
        response.writeHead(418, { 'X-One': 'é', 'Set-Cookie': ['a', 'b'] }).end('kürz 🚀');
      });
    });
    const reply = await client().request({
      url: `${url}/a%20b?q=1&r=ü#f`,
      headers: { 'X-Api-Key': 'k' },
      body: 'ü',
      timeoutMs: 2000,
    });
    expect(seen).toEqual(['POST', '/a%20b?q=1&r=%C3%BC', 'Farmbell/test', 'k', url.slice(7), 'ü']);
    expect(reply).toMatchObject({ status: 418, body: 'kürz 🚀', headers: { 'set-cookie': 'a, b' } });
    expect(reply.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('takes bytes, other methods and another user agent', async () => {
    const url = await web((request, response) => {
      request.on('data', () => {}).on('end', () => response.end(`${request.method} ${request.headers['user-agent']}`));
    });
    const http = client();
    expect((await http.request({ url, timeoutMs: 2000 })).body).toBe('GET Farmbell/test');
    expect((await http.request({ url, body: Buffer.from([0, 255]), timeoutMs: 2000 })).body).toBe('POST Farmbell/test');
    const put = await http.request({ url, method: 'PUT', headers: { 'User-Agent': 'x' }, body: '', timeoutMs: 2000 });
    expect(put.body).toBe('PUT x');
  });

  it('does not follow a redirect, not even to where it would be refused', async () => {
    let calls = 0;
    const url = await web((_, response) => {
      calls += 1;
      response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
    });
    const reply = await client().request({ url, body: '{}', timeoutMs: 2000 });
    expect([reply.status, reply.headers.location, calls]).toEqual([307, 'http://127.0.0.1:1/', 1]);
  });

  it('keeps a connection for the next call', async () => {
    const ports = new Set<number | undefined>();
    const url = await web((request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    });
    const http = client();
    for (let i = 0; i < 5; i += 1) await http.request({ url, timeoutMs: 2000 });
    expect(ports.size).toBeLessThan(5);
  });

  it('ignores the proxy of the environment', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NO_PROXY: '' });
    ends.push(() => {
      process.env = before;
    });
    const url = await web((_, response) => response.end('direct'));
    expect((await client().request({ url, timeoutMs: 2000 })).body).toBe('direct');
  });

  it('is not held up by others that hang on the same host', async () => {
    const url = await web((request, response) => {
      if (request.url === '/fine') response.end('fine');
    });
    const http = client();
    const hanging = Array.from({ length: 150 }, () => failure(http.request({ url: `${url}/hangs`, timeoutMs: 1500 })));
    const reply = await http.request({ url: `${url}/fine`, timeoutMs: 1400 });
    expect(reply.body).toBe('fine');
    expect(new Set((await Promise.all(hanging)).map((one) => one.reason))).toEqual(new Set(['timeout']));
  });

  it('is not begun when its caller does not want it any more once it is connected, and leaves others their connection', async () => {
    const seen: string[] = [];
    const url = await web((request, response) => {
      seen.push(request.url!);
      response.end('fine');
    });
    const http = client({ connections: 1 });
    let wanted = true;
    const asked: boolean[] = [];
    const mayBegin = () => {
      asked.push(wanted);
      return wanted;
    };
    const first = http.request({ url: `${url}/first`, timeoutMs: 5000, mayBegin });
    // waits for the one connection
    const second = http.request({ url: `${url}/second`, timeoutMs: 5000, mayBegin: () => mayBegin() && seen.length === 0 });
    const third = http.request({ url: `${url}/third`, timeoutMs: 5000 });
    expect(asked).toEqual([]);
    expect((await first).body).toBe('fine');
    await expect(second).rejects.toThrow(NotBegun);
    expect((await third).body).toBe('fine');
    wanted = false;
    await expect(http.request({ url: `${url}/fourth`, timeoutMs: 5000, mayBegin })).rejects.toThrow(NotBegun);
    expect([seen, asked]).toEqual([
      ['/first', '/third'],
      [true, true, false],
    ]);
  });
});

describe('TLS', () => {
  const day = 86_400_000;
  const valid = certificate('lan.example', new Date(Date.now() - day), new Date(Date.now() + day));
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const secure = (tls: { key: string; cert: string }, seen: unknown[] = []): Promise<number> =>
    listening(
      createTlsServer(
        {
          ...tls,
          SNICallback: (name, done) => {
            seen.push(name);
            done(null);
          },
        },
        (request, response) => response.end(request.headers.host),
      ),
    );

  it('is spoken under the name while connected to the checked address', async () => {
    const seen: unknown[] = [];
    const port = await secure(valid, seen);
    const http = client({ resolve, ca: valid.cert });
    expect((await http.request({ url: `https://lan.example:${port}/`, timeoutMs: 3000 })).body).toBe(`lan.example:${port}`);
    expect(seen).toEqual(['lan.example']);
  });

  it('refuses self-signed, expired and foreign certificates, and what is no TLS', async () => {
    const expired = certificate('lan.example', new Date(Date.now() - 2 * day), new Date(Date.now() - day));
    const garbage = await listening(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const plain = Number(new URL(await web((_, response) => response.end())).port);
    const cases: [string, number, string | undefined, RegExp][] = [
      ['lan.example', await secure(valid), undefined, /self-signed/],
      ['lan.example', await secure(expired), expired.cert, /expired/],
      ['other.example', await secure(valid), valid.cert, /other names/],
      ['lan.example', garbage, undefined, /TLS handshake/],
      ['lan.example', plain, undefined, /TLS handshake/],
    ];
    for (const [host, port, ca, words] of cases) {
      const refused = await failure(client({ resolve, ca }).request({ url: `https://${host}:${port}/s3cret`, timeoutMs: 3000 }));
      expect([refused.reason, refused.message]).toEqual(['tls', expect.stringMatching(words)]);
      expect(refused.message).not.toContain('s3cret');
    }
  });

  it('and the other codes have their reasons', () => {
    const of = (code?: string) => failureOf(Object.assign(new Error('s3cret'), { code }), 'h', 1).reason;
    for (const code of ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'CERT_REVOKED'])
      expect(of(code)).toBe('tls');
    for (const code of ['HPE_INVALID_CONSTANT', 'EHOSTUNREACH', 'EMFILE', undefined]) expect(of(code)).toBe('network');
    for (const code of ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']) expect(of(code)).toBe('timeout');
    expect(failureOf('s3cret', 'h', 1).message).toBe('h could not be reached (unknown)');
  });
});
