import { Duplex } from 'node:stream';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Drain } from './drain.js';
import { Requests } from './requests.js';

/** Knows who waits to be told of a stop. */
class Watched extends Drain {
  readonly waiting = new Set<() => void>();
  override onStop(tell: () => void): () => void {
    this.waiting.add(tell);
    const forget = super.onStop(tell);
    return () => {
      this.waiting.delete(tell);
      forget();
    };
  }
}

const made = () => {
  const stream = new Duplex({ objectMode: true, read() {}, write: (_, __, done) => done() });
  const drain = new Watched();
  return { stream, drain, requests: new Requests<number>(stream as unknown as ServerDuplexStream<number, unknown>, drain) };
};

it('hands out requests in their order, and then the end', async () => {
  const { stream, requests } = made();
  for (const n of [1, 2, 3]) stream.push(n);
  stream.push(null);
  const taken: unknown[] = [];
  for (let one: unknown; one !== 'end'; taken.push(one)) one = await requests.next();
  expect(taken).toEqual([1, 2, 3, 'end']);
});

it('leaves nothing behind that waits for the stop', async () => {
  const { stream, drain, requests } = made();
  for (let n = 0; n < 1000; n++) {
    const next = requests.next();
    await Promise.resolve();
    expect(drain.waiting.size).toBe(1);
    stream.push(n);
    expect(await next).toBe(n);
    expect(drain.waiting.size).toBe(0);
  }
});

it.each<[string, boolean]>([
  ['who waits', true],
  ['who asks later', false],
])('tells %s that nothing more is to be taken, whatever has come', async (_, waits) => {
  const { stream, drain, requests } = made();
  const next = waits ? requests.next() : undefined;
  await drain.end(10);
  if (!waits) stream.push(1);
  expect(await (next ?? requests.next())).toBe('stop');
});

it.each([true, false])('throws when the caller went away (while it waits: %s)', async (waits) => {
  const { stream, requests } = made();
  stream.on('error', () => {});
  const next = waits ? expect(requests.next()).rejects.toThrow('went away') : undefined;
  stream.destroy();
  await (next ?? expect(requests.next()).rejects.toThrow('went away'));
});
