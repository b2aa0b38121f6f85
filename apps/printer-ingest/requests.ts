import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Drain } from './drain.js';

/** The requests of one stream as they come, read no faster than they are asked for. */
export class Requests<Request> {
  private wake = () => {};

  constructor(
    private readonly call: ServerDuplexStream<Request, unknown>,
    private readonly drain: Drain,
  ) {
    for (const event of ['readable', 'end', 'close']) call.on(event, () => this.wake());
  }

  /** The next one; `end`: its caller sends no more; `stop`: nothing more is to be taken. Throws when the caller went away. */
  async next(): Promise<Request | 'end' | 'stop'> {
    for (;;) {
      if (this.drain.stopping) return 'stop';
      if (this.call.destroyed) throw new Error('the caller went away');
      const request: Request | null = this.call.read();
      if (request !== null) return request;
      if (this.call.readableEnded) return 'end';
      await this.change();
    }
  }

  /** Leaves nothing behind when it is over: a stream may last for months. */
  private change(): Promise<void> {
    return new Promise((done) => {
      const forget = this.drain.onStop(() => this.wake());
      this.wake = () => {
        forget();
        done();
      };
    });
  }
}
