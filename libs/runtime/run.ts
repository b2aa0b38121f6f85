import 'reflect-metadata';
import type { Socket } from 'node:net';
import { Controller, type DynamicModule, Get, Global, Inject, Module, Res, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, need, readConfig, type Settings } from './config.js';
import { type Log, makeLog, nestLog } from './log.js';
import { metrics } from './metrics.js';
import { Probes } from './probes.js';
import { serverTls } from './tls.js';

/** Injection tokens of what every service has. */
export const CONFIG = Symbol('config');
export const LOG = Symbol('log');
export const NATS_URL_OF = Symbol('nats url of');

/** The URL by which a service reaches NATS, as that service's user. */
export type NatsUrlOf = (service: string) => string;

interface Response {
  status(code: number): Response;
  header(name: string, value: string): Response;
  send(body: unknown): unknown;
}

@Controller()
class ProbeController {
  constructor(@Inject(Probes) private readonly probes: Probes) {}

  @Get('healthz')
  healthz() {
    return { status: 'ok' };
  }

  @Get('readyz')
  async readyz(@Res() response: Response) {
    const failing = await this.probes.failing();
    response.status(failing.length ? 503 : 200).send(failing.length ? { status: 'waiting', failing } : { status: 'ok' });
  }

  @Get('metrics')
  async metrics(@Res() response: Response) {
    response.header('content-type', metrics.contentType).send(await metrics.metrics());
  }
}

@Global()
@Module({})
class RuntimeModule {
  static with(config: Settings, log: Log, natsUrlOf: NatsUrlOf = () => need(config, 'NATS_URL')): DynamicModule {
    const providers = [
      { provide: CONFIG, useValue: config },
      { provide: LOG, useValue: log },
      { provide: NATS_URL_OF, useValue: natsUrlOf },
      { provide: Probes, useValue: new Probes() },
    ];
    return { module: RuntimeModule, controllers: [ProbeController], providers, exports: [CONFIG, LOG, NATS_URL_OF, Probes] };
  }
}

@Module({})
class RootModule {}

export interface RunOptions {
  name: string;
  modules: (Type | DynamicModule)[];
  config: Settings;
  log: Log;
  host: string;
  port: number;
  /** For a process of several services, each with its own user; else all use NATS_URL. */
  natsUrlOf?: NatsUrlOf;
  /** Its HTTP side is probes and metrics alone: no TLS, whatever its other sides speak. */
  probesOnly?: boolean;
  /** How long a caller may take to send a request's headers, and all of it, in milliseconds. */
  patience?: { headersMs: number; requestMs: number };
  /** Adds what the service listens on beside HTTP. */
  prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

const unreadable: Record<string, [status: number, title: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};

/** Starts a process of one or more services: modules, then consumers, then its HTTP side. */
export async function start({
  modules,
  config,
  log,
  host,
  port,
  natsUrlOf,
  probesOnly,
  patience,
  prepare,
}: RunOptions): Promise<NestFastifyApplication> {
  const https = probesOnly ? undefined : serverTls(config);
  const { headersMs, requestMs } = patience ?? { headersMs: 15_000, requestMs: 60_000 };
  const server = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(headersMs, 5_000),
    maxHeaderSize: 16 * 1024,
  };
  const adapter = new FastifyAdapter({
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
  const root: DynamicModule = { module: RootModule, imports: [RuntimeModule.with(config, log, natsUrlOf), ...modules] };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: nestLog(log),
    abortOnError: false,
    bodyParser: false,
    forceCloseConnections: true,
  });
  try {
    await prepare?.(app);
    await app.init();
    await app.startAllMicroservices();
    await app.listen(port, host);
  } catch (error) {
    await app.close().catch(() => {});
    throw error;
  }
  return app;
}

/** The main of a single service: reads the environment, starts, stops at SIGTERM or SIGINT. */
export async function run(
  name: string,
  modules: (Type | DynamicModule)[],
  options: { gateway?: boolean; prepare?: (config: Settings) => RunOptions['prepare'] } = {},
): Promise<void> {
  await orExit(async () => {
    const config = readConfig();
    const log = makeLog({ name, level: config.FARMBELL_LOG_LEVEL });
    const app = await start({
      name,
      modules,
      config,
      log,
      host: options.gateway ? config.FARMBELL_HOST : '0.0.0.0',
      port: options.gateway ? (config.FARMBELL_PORT ?? 8080) : config.FARMBELL_METRICS_PORT,
      probesOnly: !options.gateway,
      prepare: options.prepare?.(config),
    });
    log.info(`${name} is ready`);
    onStop(async () => {
      log.info(`${name} stops`);
      await app.close();
    });
  });
}

/** Ends the process with one readable line when the start fails. */
export async function orExit(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const text =
      error instanceof ConfigError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`farmbell cannot start: ${text}\n`);
    process.exit(1);
  }
}

/** Calls `stop` once at the first SIGTERM or SIGINT, then ends the process; a second signal ends it at once. */
export function onStop(stop: () => Promise<void>): void {
  let stopping = false;
  const handle = () => {
    if (stopping) process.exit(1);
    stopping = true;
    stop().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`farmbell did not stop cleanly: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}
