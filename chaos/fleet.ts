import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '#servers';
import { until } from '#testing';
import { type Children, gone, isOver } from './children.js';

const apps = fileURLToPath(new URL('../apps', import.meta.url));
const againMs = 1000;
const readyMs = 60_000;
/** As long as k8s/base gives a pod. */
const stopMs = 45_000;

/** Every app that is a process of its own. */
export const serviceNames = (): string[] =>
  readdirSync(apps)
    .filter((app) => app !== 'all' && existsSync(join(apps, app, 'main.js')))
    .sort();

/** An end that nobody asked for. */
export interface Crash {
  replica: string;
  at: number;
  /** Exit code or signal. */
  by: string;
}

/** One process of a service, started anew whenever it ends, as an orchestrator would: same address, a moment later. */
export class Replica {
  port = 0;
  grpcPort = 0;
  private child!: ChildProcess;
  private asked = false;
  private killed = false;
  private wasReady = false;
  private stopped = false;
  readonly crashes: Crash[] = [];
  /** Ends before it was ready: NATS or PostgreSQL were away at its start. */
  failedStarts = 0;

  constructor(
    readonly service: string,
    readonly name: string,
    private readonly children: Children,
    private readonly env: Record<string, string>,
    private readonly log: string,
  ) {}

  async open(): Promise<void> {
    [this.port, this.grpcPort] = [await freePort(), await freePort()];
    this.start();
  }

  /** Resolves when it says that it is ready. Throws after a minute. */
  ready(ms = readyMs): Promise<unknown> {
    return until(`${this.name} is ready (its log: ${this.log})`, ms, async () => {
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`, { signal: AbortSignal.timeout(2000) });
      await answer.arrayBuffer();
      if (answer.status === 200) this.wasReady = true;
      return answer.status === 200;
    });
  }

  /** kill -9; the next one starts a moment later. */
  async kill(): Promise<void> {
    this.asked = true;
    this.killed = true;
    this.child.kill('SIGKILL');
    await gone(this.child);
  }

  /** SIGTERM, by force when it does not end. False when it was ready, no other fault met it, and it did not end in order. */
  async restart(): Promise<boolean> {
    const { child } = this;
    const undisturbed = this.wasReady && !this.asked;
    this.asked = true;
    this.killed = false;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await gone(child);
    clearTimeout(late);
    return child.exitCode === 0 || !undisturbed || this.killed;
  }

  /** It stands still, and goes on later as if nothing had been. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** For good. */
  async end(): Promise<void> {
    this.stopped = true;
    if (isOver(this.child)) return;
    this.child.kill('SIGKILL');
    await gone(this.child);
  }

  private start(): void {
    [this.asked, this.wasReady] = [false, false];
    const main = join(apps, this.service, 'main.js');
    this.child = this.children.start(process.execPath, ['--enable-source-maps', main], {
      log: this.log,
      env: {
        PATH: process.env.PATH,
        FARMBELL_LOG_LEVEL: 'info',
        ...this.env,
        [this.service === 'gateway' ? 'FARMBELL_PORT' : 'FARMBELL_METRICS_PORT']: String(this.port),
        FARMBELL_GRPC_PORT: String(this.grpcPort),
      },
    });
    const { child } = this;
    void gone(child).then(async () => {
      if (!this.asked && !this.stopped) {
        if (this.wasReady)
          this.crashes.push({ replica: this.name, at: Date.now(), by: child.signalCode ?? `exit code ${child.exitCode}` });
        else this.failedStarts++;
      }
      await delay(againMs);
      if (!this.stopped) {
        this.start();
        await this.ready().catch(() => {});
      }
    });
  }
}

/** Every service in its replicas. */
export class Fleet {
  readonly replicas: Replica[];

  constructor(children: Children, envOf: (service: string) => Record<string, string>, logs: string, count: number) {
    this.replicas = serviceNames().flatMap((service) =>
      Array.from({ length: count }, (_, i) => {
        const name = `${service}-${i + 1}`;
        return new Replica(service, name, children, envOf(service), join(logs, `${name}.log`));
      }),
    );
  }

  async open(): Promise<void> {
    for (const replica of this.replicas) await replica.open();
    await Promise.all(this.replicas.map((replica) => replica.ready()));
  }

  of(service: string): Replica[] {
    return this.replicas.filter((replica) => replica.service === service);
  }

  named(name: string): Replica {
    return this.replicas.find((replica) => replica.name === name)!;
  }

  get crashes(): Crash[] {
    return this.replicas.flatMap((replica) => replica.crashes);
  }

  get failedStarts(): number {
    return this.replicas.reduce((sum, replica) => sum + replica.failedStarts, 0);
  }

  async end(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.end()));
  }
}
