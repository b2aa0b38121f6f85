import type { HttpAdapterHost } from '@nestjs/core';
import type { Headers } from './body.js';

/** Of Fastify's request and reply, what is used here. */
export interface Request {
  method: string;
  url: string;
  ip: string;
  headers: Headers;
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Buffer;
}
export interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body?: unknown): unknown;
  /** The answer as Node.js knows it: 'close' comes when it is over, or its connection is. */
  raw: { destroyed: boolean; statusCode: number; once(event: 'close', listener: () => void): unknown; destroy(): unknown };
}

interface Parsers {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    options: { parseAs: 'buffer' },
    parse: (request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => void,
  ): void;
}

/** Bodies arrive as bytes: who may call is decided before anything is parsed, and each route says what it takes. */
export function takeBytes(host: HttpAdapterHost): void {
  const fastify = host.httpAdapter.getInstance<Parsers>();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
}
