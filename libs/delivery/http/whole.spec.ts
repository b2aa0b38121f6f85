import { client, failure, raw, web } from './receivers.js';

const big = Buffer.from(Array.from({ length: 200_000 }, (_, n) => n % 251));
const call = async (body: Buffer | string, mostBytes: number, headers: Record<string, string> = {}) => {
  const url = await web((_, response) => response.writeHead(200, headers).end(body));
  return client().request({ url, timeoutMs: 5000, mostBytes });
};

describe('a body that is wanted whole', () => {
  it('comes to the byte, however long it is within the limit', async () => {
    const { bytes, body, status } = await call(big, big.length);
    expect([status, body]).toEqual([200, '']);
    expect(Buffer.from(bytes!).equals(big)).toBe(true);
    expect((await call('', 10)).bytes).toHaveLength(0);
  });

  it('is left out when it is longer, whatever length it claims, and the status stays', async () => {
    const reply = await call(big, big.length - 1, { 'x-kept': 'yes' });
    expect(reply).toMatchObject({ status: 200, headers: { 'x-kept': 'yes' }, body: '' });
    expect('bytes' in reply).toBe(false);
  });

  it('that never ends is read no further than the limit', async () => {
    let written = 0;
    let closed = false;
    const url = await web((_, response) => {
      response.on('close', () => {
        closed = true;
      });
      const write = () => {
        while (!closed && written < 100_000_000 && response.write(big)) written += big.length;
      };
      response.on('drain', write);
      write();
    });
    const reply = await client().request({ url, timeoutMs: 20_000, mostBytes: 300_000 });
    expect(reply.bytes).toBeUndefined();
    expect(written).toBeLessThan(100_000_000);
  });

  it('that stops in the middle is cut, and that breaks off is a failure', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
    const hanging = await raw((socket) => socket.write(head));
    expect((await failure(client().request({ url: hanging, timeoutMs: 100, mostBytes: 1000 }))).reason).toBe('timeout');
    const broken = await raw((socket) => socket.end(head));
    expect((await failure(client().request({ url: broken, timeoutMs: 5000, mostBytes: 1000 }))).reason).toBe('network');
  });

  it('is text, and its beginning alone, where nobody asked for it whole', async () => {
    const url = await web((_, response) => response.end('x'.repeat(50_000)));
    const reply = await client().request({ url, timeoutMs: 5000 });
    expect([reply.body.length < 50_000, 'bytes' in reply]).toEqual([true, false]);
  });
});
