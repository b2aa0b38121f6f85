import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, natsServerBinary } from '#servers';
import { until } from '#testing';
import type { Broker } from './broker.js';
import { type Children, gone } from './children.js';
import { nodes } from './plan.js';
import { Wire } from './wire.js';

interface Member {
  name: string;
  clientPort: number;
  routePort: number;
  monitorPort: number;
  config: string;
  log: string;
  child?: ChildProcess;
}

interface Jsz {
  meta_cluster?: { leader?: string; cluster_size?: number };
  account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[];
}

const password = 'chaos';
const startMs = 60_000;

/** Three nats-servers, each message kept on all three. Every route between two of them goes through a wire that can be cut. */
export class Cluster implements Broker {
  readonly replicas = 3;
  private readonly nodes: Member[] = [];
  /** `wires[i][j]`: the way from node i to node j. */
  private readonly wires: (Wire | undefined)[][] = [];

  private constructor(
    private readonly children: Children,
    private readonly binary: string,
  ) {}

  static async open(children: Children, folder: string, logs: string): Promise<Cluster> {
    const cluster = new Cluster(children, await natsServerBinary());
    for (let i = 0; i < nodes; i++) {
      const [clientPort, routePort, monitorPort] = [await freePort(), await freePort(), await freePort()];
      const name = `nats-${i}`;
      const config = join(folder, `${name}.conf`);
      cluster.nodes.push({ name, clientPort, routePort, monitorPort, config, log: join(logs, `${name}.log`) });
    }
    for (const from of cluster.nodes) {
      const wires = await Promise.all(cluster.nodes.map((to) => (to === from ? undefined : Wire.open(() => to.routePort))));
      cluster.wires.push(wires);
      const store = join(folder, from.name);
      mkdirSync(store, { recursive: true });
      const routes = wires.flatMap((wire) => (wire ? [wire.port] : []));
      writeFileSync(from.config, configOf(from, store, routes), { mode: 0o600 });
    }
    await cluster.start();
    return cluster;
  }

  get url(): string {
    return this.nodes.map((node) => `nats://farmbell:${password}@127.0.0.1:${node.clientPort}`).join(',');
  }

  urlOf(): string {
    return this.url;
  }

  get publisherUrl(): string {
    return this.url;
  }

  async start(): Promise<void> {
    for (const node of this.nodes) this.run(node);
    await this.whole();
  }

  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => end(node, 'SIGKILL')));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => end(node, 'SIGTERM')));
  }

  async end(): Promise<void> {
    await this.kill();
    await Promise.all(this.wires.flat().map((wire) => wire?.close()));
  }

  /** kill -9 of one node, which is gone for `ms`; its name, once all three agree again. */
  async killFor(number: number, ms: number): Promise<string> {
    const node = this.nodes[number]!;
    await end(node, 'SIGKILL');
    await delay(ms);
    this.run(node);
    await this.whole();
    return node.name;
  }

  /** No route leads to or from one node for `ms`. Who is connected to it stays connected. */
  async cutOff(number: number, ms: number): Promise<string> {
    const wires = this.wires.flatMap((row, from) => row.filter((_, to) => from === number || to === number));
    for (const wire of wires) wire?.cut();
    await delay(ms);
    for (const wire of wires) wire?.mend();
    await this.whole();
    return this.nodes[number]!.name;
  }

  /** The node that leads a stream. */
  async leaderOf(stream: string): Promise<number> {
    return this.numberOf(
      'the stream has a leader',
      (jsz) =>
        jsz.account_details?.flatMap((account) => account.stream_detail ?? []).find((one) => one.name === stream)?.cluster
          ?.leader,
    );
  }

  metaLeader(): Promise<number> {
    return this.numberOf('the cluster has a leader', (jsz) => jsz.meta_cluster?.leader);
  }

  private async numberOf(what: string, leaderIn: (jsz: Jsz) => string | undefined): Promise<number> {
    const name = await until(what, startMs, async () => {
      for (const node of this.nodes) {
        const leader = leaderIn(await this.jsz(node));
        if (leader) return leader;
      }
      return undefined;
    });
    return this.nodes.findIndex((node) => node.name === name);
  }

  /** Resolves when every node is healthy, which in a cluster means: caught up. */
  private async whole(): Promise<void> {
    await until('all NATS servers agree', startMs, async () => {
      const healthy = await Promise.all(
        this.nodes.map(async (node) => (await fetch(`http://127.0.0.1:${node.monitorPort}/healthz`)).status === 200),
      );
      return healthy.every(Boolean);
    });
  }

  private async jsz(node: Member): Promise<Jsz> {
    const answer = await fetch(`http://127.0.0.1:${node.monitorPort}/jsz?accounts=true&streams=true`).catch(() => undefined);
    return answer ? ((await answer.json()) as Jsz) : {};
  }

  private run(node: Member): void {
    node.child = this.children.start(this.binary, ['-c', node.config], { log: node.log });
  }
}

async function end({ child }: Member, signal: NodeJS.Signals): Promise<void> {
  if (!child) return;
  child.kill(signal);
  await gone(child);
}

/** Only the given routes exist: what servers tell each other of others' addresses leads nowhere, past no wire. */
const configOf = (node: Member, store: string, routes: number[]): string => `
server_name: ${node.name}
listen: "127.0.0.1:${node.clientPort}"
http: "127.0.0.1:${node.monitorPort}"
max_payload: 4194304
ping_interval: "2s"
ping_max: 2
jetstream { store_dir: ${JSON.stringify(store)}, sync_interval: "1s" }
cluster {
  name: chaos
  listen: "127.0.0.1:${node.routePort}"
  advertise: "127.0.0.1:1"
  no_advertise: true
  routes: [${routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')}]
}
authorization { users: [{ user: farmbell, password: ${password} }] }
`;
