import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Arrivals } from '../arrivals.js';
import { now } from '../clock.js';
import { eventIn } from '../event.js';
import { serve } from './role.js';

/** What the receiver does with a request, by the first part of its path: /<behaviour>/<channel's number>. */
export type Behaviour = 'answers' | 'hangs' | 'late';
type Way = Behaviour | 'refuses';

const lateMs = 9000;
const ways = new Map<string, Way>([
  ['answers', 'answers'],
  ['hangs', 'hangs'],
  ['late', 'late'],
]);
const hanging = new Set<ServerResponse>();

let run = -1;
let strange = 0;
let n: number[] = [];
let channel: number[] = [];
let at: number[] = [];
let waiting: { total: number; done: () => void } | undefined;

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

function take(path: string, body: Buffer, response: ServerResponse): void {
  const time = now();
  const [, behaviour = '', place = ''] = path.split('/');
  const event = eventIn(body);
  if (event?.run !== run) strange++;
  else {
    n.push(event.n);
    channel.push(Number(place));
    at.push(time);
    if (waiting && n.length >= waiting.total) waiting.done();
  }
  const way = ways.get(behaviour);
  if (way === 'hangs') hanging.add(response);
  else if (way === 'late') setTimeout(() => answer(response, 204), lateMs).unref();
  else answer(response, way === 'answers' ? 204 : 503);
}

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => take(request.url!, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), response));
  response.on('close', () => hanging.delete(response));
});
// a connection closed while the next request is on its way would be a failed attempt of the receiver's making
server.keepAliveTimeout = 0;
server.requestTimeout = 0;

const methods = {
  /** Starts to listen; its origin. */
  listen: () =>
    new Promise<string>((done) =>
      server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    ),
  /** Forgets what came and counts a new run's arrivals. */
  expect(next: number): void {
    run = next;
    strange = 0;
    [n, channel, at] = [[], [], []];
  },
  /** Resolves when so many have arrived since expect(), with the time of the last one. Throws when none comes for `stallMs`. */
  async arrived({ total, stallMs }: { total: number; stallMs: number }): Promise<number> {
    let [seen, since] = [n.length, now()];
    while (n.length < total) {
      await Promise.race([new Promise<void>((done) => (waiting = { total, done })), delay(1000, undefined, { ref: false })]);
      if (n.length > seen) [seen, since] = [n.length, now()];
      if (now() - since > stallMs) throw new Error(`${seen} of ${total} arrived, and none for ${stallMs / 1000} s`);
    }
    waiting = undefined;
    return at[total - 1]!;
  },
  arrivals: (): Arrivals => ({
    n: Int32Array.from(n),
    channel: Int32Array.from(channel),
    at: Float64Array.from(at),
    strange,
  }),
  /** Changes what a behaviour does; those who hang are answered when it no longer lets them. */
  behave({ behaviour, way }: { behaviour: string; way: Way }): void {
    ways.set(behaviour, way);
    if (way === 'answers') for (const response of hanging) answer(response, 204);
  },
};

export type ReceiverMethods = typeof methods;
serve(methods);
