import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Settings } from './config.js';
import { serverTls } from './tls.js';

/** How long a caller may take to send a request's headers, and all of it, in milliseconds. */
export interface Patience {
  headersMs: number;
  requestMs: number;
}

export interface Response {
  status(code: number): Response;
  header(name: string, value: string): Response;
  send(body: unknown): unknown;
}

const unreadable: Record<string, [status: number, title: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};

const usualPatience = { headersMs: 15_000, requestMs: 60_000 };
/** Attempts are given as much (libs/delivery/service.ts); k8s/base/deployment.yaml gives a pod 45 s, with 8 s before SIGTERM. */
const usualDrainMs = 20_000;

/** The HTTP server of a process, with its bounds. At a stop it finishes what is under way, for so long. */
export function httpSide(
  config: Settings,
  {
    probesOnly = false,
    patience: { headersMs, requestMs } = usualPatience,
    drainMs = usualDrainMs,
  }: { probesOnly?: boolean; patience?: Patience; drainMs?: number },
): FastifyAdapter {
  const https = probesOnly ? undefined : serverTls(config);
  const server = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(headersMs, 5_000),
    maxHeaderSize: 16 * 1024,
  };
  const adapter = new FastifyAdapter({
    // what comes on a connection that is open already is answered as ever, and the connection ended with it
    return503OnClosing: false,
    bodyLimit: 8 * 1024 * 1024,
    requestTimeout: requestMs,
    // an id that users chose: 300 characters, each of which may take two places
    routerOptions: { maxParamLength: 600 },
    // what never reaches a handler (an address that cannot be decoded, …) is answered in the API's form too
    frameworkErrors: (error: { statusCode?: number; message: string }, _: unknown, reply: unknown) => {
      const status = error.statusCode ?? 400;
      const problem = { type: 'about:blank', title: 'Bad request', status, detail: error.message };
      (reply as Response).status(status).header('content-type', 'application/problem+json').send(problem);
    },
    // nor does what Node cannot read as HTTP
    clientErrorHandler: (error: { code?: string }, socket: Socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') {
        socket.destroy();
        return;
      }
      const [status, title] = unreadable[error.code ?? ''] ?? [400, 'Bad Request'];
      const problem = JSON.stringify({ type: 'about:blank', title, status });
      const head = `Content-Type: application/problem+json\r\nContent-Length: ${problem.length}\r\nConnection: close`;
      socket.end(`HTTP/1.1 ${status} ${title}\r\n${head}\r\n\r\n${problem}`);
    },
    ...(https ? { https: { ...server, ...https } } : { http: server }),
  });
  const instance = adapter.getInstance();
  instance.addHook('preClose', (done) => {
    setTimeout(() => instance.server.closeAllConnections(), drainMs).unref();
    done();
  });
  return adapter;
}
