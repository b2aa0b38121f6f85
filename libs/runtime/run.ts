import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import {
  Controller,
  type DynamicModule,
  Get,
  Global,
  Inject,
  Module,
  type OnApplicationShutdown,
  Res,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, need, readConfig, type Settings } from './config.js';
import { httpSide, type Patience, type Response } from './http-side.js';
import { type Log, makeLog, nestLog, useLog } from './log.js';
import { exposition, metrics, nameProcess } from './metrics.js';
import { Probes } from './probes.js';
import { startTracing, stopTracing } from './tracing.js';

/** Injection tokens of what every service has. */
export const CONFIG = Symbol('config');
export const LOG = Symbol('log');
export const NATS_URL_OF = Symbol('nats url of');

/** The URL by which a service reaches NATS, as that service's user. */
export type NatsUrlOf = (service: string) => string;

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
    response.header('content-type', metrics.contentType).send(await exposition(await this.probes.states()));
  }
}

@Global()
@Module({})
class RuntimeModule implements OnApplicationShutdown {
  /** All that was under way has ended by now. */
  onApplicationShutdown(): Promise<void> {
    return stopTracing();
  }

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
  patience?: Patience;
  /** How long requests that are under way at a stop may take, in milliseconds. */
  drainMs?: number;
  /** Adds what the service listens on beside HTTP. */
  prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

const giveUpMs = 5000;

/**
 * How V8 collects what passes through. What is made where much lives long it would put with the old at once: that, and all that
 * it refers to, would stay until the whole heap is collected. And little of it lives: threads that share the work wait for each
 * other longer than it takes, where more processes run than there are cores.
 */
const collection = ['--no-allocation-site-pretenuring', '--no-parallel-scavenge'];

/** Starts a process of one or more services: modules, then consumers, then its HTTP side. */
export async function start({
  name,
  modules,
  config,
  log,
  host,
  port,
  natsUrlOf,
  probesOnly,
  patience,
  drainMs,
  prepare,
}: RunOptions): Promise<NestFastifyApplication> {
  for (const flag of collection) setFlagsFromString(flag);
  nameProcess(name);
  useLog(log);
  await startTracing(name, config, log);
  const adapter = httpSide(config, { probesOnly, patience, drainMs });
  const root: DynamicModule = { module: RootModule, imports: [RuntimeModule.with(config, log, natsUrlOf), ...modules] };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: nestLog(log),
    abortOnError: false,
    bodyParser: false,
  });
  try {
    await prepare?.(app);
    await app.init();
    await app.startAllMicroservices();
    await app.listen(port, host);
  } catch (error) {
    // what has not begun may never end
    await Promise.race([app.close(), pause(giveUpMs)]).catch(() => {});
    throw error;
  }
  return app;
}

/** Readiness falls first; then it takes nothing more, finishes what is under way, and closes. */
export async function stop(app: NestFastifyApplication): Promise<void> {
  app.get(Probes).stop();
  await app.close();
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
    let app: NestFastifyApplication | undefined;
    // while it starts there is nothing to finish
    onStop(async () => {
      log.info(`${name} stops`);
      if (app) await stop(app);
    });
    app = await start({
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
