import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject, Injectable } from '@nestjs/common';
import { transient } from '#bus';
import { Problem } from '#contracts';
import { LOG, type Log } from '#runtime';
import type { Reply, Request } from './http.js';
import { isOctoEverywhere, refuse } from './octoeverywhere-fault.js';

/** Every fault as problem+json. What is no Problem is logged, and its details stay there. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOG) private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<Request>();
    const reply = host.switchToHttp().getResponse<Reply>();
    const problem = problemOf(error, request);
    if (problem.status >= 500 && !(error instanceof Problem)) {
      const { stack, message } = error instanceof Error ? error : new Error(String(error));
      this.log.error({ stack }, `${request.method} ${pathOf(request)} failed: ${message}`);
    }
    reply.header('cache-control', 'no-store');
    if (problem.retryAfterS !== undefined) reply.header('retry-after', String(problem.retryAfterS));
    if (isOctoEverywhere(pathOf(request))) {
      refuse(reply, problem);
      return;
    }
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="farmbell"');
    reply.header('content-type', 'application/problem+json; charset=utf-8');
    reply.status(problem.status).send(JSON.stringify(problem));
  }
}

const pathOf = (request: Request) => request.url?.split('?')[0] ?? '';

const titles: Record<number, [title: string, detail: (request: Request) => string]> = {
  400: ['Bad request', () => 'The request is not valid HTTP: its path, its headers or its length are wrong'],
  404: ['Not found', (request) => `${request.method} ${pathOf(request)} is nothing that is served here: see /docs`],
  413: ['Content too large', () => 'The body is larger than 8 MiB: send fewer events at once'],
  414: ['URI too long', () => 'A part of the path is too long'],
  415: ['Unsupported media type', () => 'The content type cannot be read: send application/json'],
};

export function problemOf(error: unknown, request: Request): Problem {
  // a Problem without a time to wait, but of a kind that passes: a second is a fair guess
  if (error instanceof Problem)
    return error.status === 503 && error.retryAfterS === undefined
      ? new Problem(503, error.title, error.detail, error.errors, 2)
      : error;
  const status = statusOf(error);
  const known = status === undefined ? undefined : titles[status];
  if (known) return new Problem(status!, known[0], known[1](request));
  if (status !== undefined && status < 500) return new Problem(status, 'Refused', 'The request cannot be taken as it is');
  if (transient(error)) {
    return new Problem(
      503,
      'Service unavailable',
      'The database or the broker does not answer; try again in a few seconds',
      undefined,
      2,
    );
  }
  return new Problem(500, 'Internal error', 'The gateway failed; its log says why');
}

/** The status that Nest or Fastify give their own errors. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined;
}
