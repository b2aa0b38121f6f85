import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { reasons } from '#contracts';
import { fuzzFarm } from '#fuzzing';
import { type Receiver, receiver, until } from '#testing';
import { modules } from './modules.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const drip = (socket: Socket, head: string, piece: string) => {
  socket.write(head);
  const timer = setInterval(() => socket.write(piece), 50);
  socket.on('close', () => clearInterval(timer));
};
const pour = (socket: Socket, head: string, piece: string) => {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.write(head);
  socket.on('drain', more);
  more();
};
const answer =
  (head: string, body: string | Buffer = '') =>
  (socket: Socket) =>
    // closed, as a listener hears the first request of a connection only
    socket.end(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 ${head}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`),
        Buffer.from(body),
      ]),
    );

/** What a receiver does with a request, and the reason that the attempt is to have. */
const hostile: Record<string, [(socket: Socket, request: string) => void, string | null]> = {
  'says nothing': [() => {}, 'timeout'],
  'drips its headers': [(socket) => drip(socket, `${ok}x: `, 'a'), 'timeout'],
  'drips its body': [(socket) => drip(socket, `${ok}content-length: 9999\r\n\r\n`, 'a'), 'timeout'],
  'sends interim answers alone': [(socket) => pour(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)), 'timeout'],
  'sends headers without end': [(socket) => socket.write(ok + `x: ${'a'.repeat(4000)}\r\n`.repeat(10)), 'network'],
  'sends 1 GB': [(socket) => pour(socket, `${ok}content-length: 1000000000\r\n\r\n`, 'a'.repeat(16_384)), null],
  resets: [(socket) => socket.resetAndDestroy(), 'network'],
  'closes amid its body': [(socket) => socket.end(`${ok}content-length: 10\r\n\r\nabc`), 'network'],
  'is no HTTP': [(socket) => socket.end('220 mail ESMTP\r\n'), 'network'],
  'changes protocols': [(socket) => socket.write('HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'), 'network'],
  'has a gzip bomb': [answer(`200 OK\r\ncontent-encoding: gzip`, gzipSync(Buffer.alloc(16 << 20))), null],
  'redirects inwards': [answer('302 Found\r\nlocation: http://169.254.169.254/latest/meta-data/'), 'blocked'],
  'asks to wait for ever': [answer(`429 x\r\nretry-after: ${'9'.repeat(400)}`), 'rate_limited'],
  'asks to wait until the year 9999': [answer('503 x\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT'), 'server'],
  'answers U+0000 and half characters': [answer('500 x', Buffer.from([0, 0xff, 0xed, 0xa0, 0x80, 0])), 'server'],
  'repeats all that it was sent': [(socket, request) => answer('400 x', request)(socket), 'invalid'],
  'repeats it as UTF-16': [(socket, request) => answer('400 x', Buffer.from(request, 'utf16le'))(socket), 'invalid'],
  'repeats it until it is cut': [(socket, request) => answer('400 x', request.repeat(40))(socket), 'invalid'],
  'has a status of its own': [answer('999 x'), 'server'],
};

let farm: Awaited<ReturnType<typeof fuzzFarm>>;
let good: Receiver;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
  [farm, good] = await Promise.all([fuzzFarm(modules), receiver()]);
}, 60_000);
afterAll(async () => {
  for (const end of ends) end();
  await farm?.stop();
  await good?.close();
});

const json: [string, string][] = [['content-type', 'application/json']];
/** Those that never end have a second; the others as much as a busy machine may need. */
const made = async (name: string, url: string) => {
  const timeout_s = hostile[name]?.[1] === 'timeout' ? 1 : 30;
  const settings = { url, timeout_s, headers: { authorization: 'Bearer s3cret-token-0123456789' } };
  const { text } = await farm.send(
    'POST',
    '/v1/channels',
    json,
    JSON.stringify({ name, type: 'webhook', events: ['job.failed'], retry: { mode: 'once' }, settings }),
  );
  return JSON.parse(text) as { id: string; settings: { api_key: string } };
};
async function listening(act: (socket: Socket, request: string) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', (request) => act(socket, request.toString()));
    ends.push(() => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/hook?key=s3cret-in-the-query`;
}

it('hostile receivers cost their own attempt, no secret and nobody else anything', async () => {
  const channels = new Map<string, Awaited<ReturnType<typeof made>>>();
  for (const [name, [act]] of Object.entries(hostile)) channels.set(name, await made(name, await listening(act)));
  await made('good', good.origin);
  const events = 5;
  const before = process.memoryUsage().rss;
  const sent = Array.from({ length: events }, (_, i) => ({ id: `e${i}`, type: 'job.failed', printer: { id: `p${i}` } }));
  expect((await farm.send('POST', '/v1/events', json, JSON.stringify(sent))).status).toBe(202);
  // the good one has all of its own while others of its lane and process are still held up
  for (const { id } of sent) await good.next((request) => request.json?.id === id, 15_000);
  for (const [name, { id, settings }] of channels) {
    const deliveries = await until(`${name}: every delivery has ended`, 60_000, async () => {
      const { data } = JSON.parse((await farm.send('GET', `/v1/channels/${id}/deliveries`)).text);
      return data.length === events && data.every((one: { outcome: string }) => one.outcome !== null) ? data : undefined;
    });
    for (const { outcome, reason, attempts } of deliveries) {
      expect([name, outcome, reason, attempts.length]).toEqual([
        name,
        hostile[name]![1] === null ? 'delivered' : 'failed',
        hostile[name]![1],
        1,
      ]);
      const [{ answer: kept, latency_ms }] = attempts;
      if (reason !== null) expect(reasons).toContain(reason);
      expect([...kept].length).toBeLessThanOrEqual(1000);
      expect([kept.isWellFormed(), kept.includes('\0'), kept.includes(settings.api_key), /s3cret/.test(kept)]).toEqual([
        true,
        false,
        false,
        false,
      ]);
      // the time limit is 1 s; what is beyond it is this machine's own
      if (reason === 'timeout') expect(latency_ms).toBeLessThan(15_000);
    }
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(400 << 20);
  const late = JSON.stringify({ id: 'late', type: 'job.failed' });
  expect((await farm.send('POST', '/v1/events', json, late)).status).toBe(202);
  await good.next((request) => request.json?.id === 'late', 15_000);
}, 240_000);
