import fc from 'fast-check';
import { expectUnpolluted, fuzz } from '#fuzzing';
import { HttpFailure } from './failures.js';
import { client, ends, raw, web } from './receivers.js';

const statuses = [
  '200 OK',
  '204',
  '304 Not Modified',
  '099 x',
  '000',
  '100 Continue',
  '101 Switching Protocols',
  '199 x',
  '999 x',
  '1000 x',
  '20',
  '-1',
];
const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'ICY', 'http/1.1', ''];
const header = fc.oneof(
  fc.constantFrom(
    '__proto__: x',
    'constructor: y',
    'content-length: 3',
    'content-length: 1000000',
    'transfer-encoding: chunked',
    'connection: close',
    'connection: upgrade',
    'upgrade: h2c',
    'retry-after: 99999999999999999999',
    'set-cookie: a',
    'location: //x',
    ' folded',
    ':',
    'x',
    'x: \u00ff',
    'trailer: x',
    'keep-alive: timeout=0',
    'keep-alive: timeout=99999999',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 30 }),
);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '',
    'abc',
    '3\r\nabc\r\n0\r\n\r\n',
    'ffffffffffffffff\r\n',
    '-1\r\n',
    '0\r\nx: y\r\n\r\n',
    '3;ext=1\r\nabc\r\n0\r\n\r\n',
    '\xef\xbb\xbf{}',
    '\xed\xa0\x80',
    '\xff\xfe',
  ),
);
const eol = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r');
const bytes = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(...versions), fc.constantFrom(...statuses), fc.array(header, { maxLength: 5 }), eol, body)
      .map(
        ([version, status, headers, end, text]) =>
          `${version} ${status}${end}${headers.map((one) => one + end).join('')}${end}${text}`,
      ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((any) => Buffer.from(any).toString('latin1')) },
);

it('whatever bytes come, a call ends with a reply or a failure that has a reason', async () => {
  let answer = Buffer.alloc(0);
  let how: 'end' | 'reset' | 'half' = 'end';
  const url = await raw((socket) => {
    if (how === 'half')
      socket.write(answer.subarray(0, answer.length / 2), () =>
        setImmediate(() => socket.end(answer.subarray(answer.length / 2))),
      );
    else socket.write(answer, () => (how === 'end' ? socket.end() : socket.resetAndDestroy()));
  });
  const good = await web((_, response) => response.end('fine'));
  const http = client();
  const called = async (text: string, end: typeof how) => {
    [answer, how] = [Buffer.from(text, 'latin1'), end];
    const outcome = await http
      .request({ url: `${url}/s3cret-path`, body: 's3cret-body', timeoutMs: 2000 })
      .catch((error: unknown) => error);
    expectUnpolluted();
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(HttpFailure);
      expect(['network', 'timeout']).toContain((outcome as HttpFailure).reason);
      expect(outcome.message).not.toContain('s3cret');
      return;
    }
    const reply = outcome as Awaited<ReturnType<typeof http.request>>;
    expect([Number.isInteger(reply.status), reply.status >= 200, reply.status <= 999]).toEqual([true, true, true]);
    for (const [name, value] of Object.entries(reply.headers))
      expect([name, typeof value]).toEqual([name.toLowerCase(), 'string']);
    expect([reply.body.isWellFormed(), reply.body.length <= 16_384]).toEqual([true, true]);
  };
  await fc.assert(fc.asyncProperty(bytes, fc.constantFrom('end', 'reset', 'half'), called), fuzz(100));
  expect((await http.request({ url: good, timeoutMs: 5000 })).body).toBe('fine');
  ends.push(() => http.close());
}, 600_000);
