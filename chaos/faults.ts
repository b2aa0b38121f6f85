import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from './broker.js';
import type { Cluster } from './cluster.js';
import type { Database } from './database.js';
import type { Fleet, Replica } from './fleet.js';
import { type FaultKind, type PlannedFault, takesTurns } from './plan.js';
import type { Fault } from './records.js';

export interface Breakable {
  fleet: Fleet;
  broker: Broker;
  /** When the broker is three servers. */
  cluster?: Cluster;
  database: Database;
}

export interface FaultsParts extends Breakable {
  plan: PlannedFault[];
  say: (line: string) => void;
  /** Something that is no fault of the plan: a service that does not stop in order, or does not come back. */
  onTrouble: (what: string) => void;
}

/** While these last, no service becomes ready; several may follow one another. */
const outages: readonly FaultKind[] = ['broker-away', 'database-away'];

/** How long a killed server is gone, before it is started anew. */
const downMs = 1000;

/** Makes the planned faults happen, and keeps what happened when. */
export class Faults {
  readonly happened: Fault[] = [];
  private began = 0;

  constructor(private readonly parts: FaultsParts) {}

  /** Resolves when the last fault is over. */
  async run(): Promise<void> {
    this.began = Date.now();
    const { plan } = this.parts;
    const serial = async () => {
      for (const planned of plan) if (takesTurns(planned.kind)) await this.happen(planned);
    };
    await Promise.all([serial(), ...plan.filter(({ kind }) => !takesTurns(kind)).map((planned) => this.happen(planned))]);
  }

  private async happen(planned: PlannedFault): Promise<void> {
    const { say, onTrouble } = this.parts;
    await delay(Math.max(0, this.began + planned.at * 1000 - Date.now()));
    const fault: Fault = { kind: planned.kind, victim: planned.victim, from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.happened.push(fault);
    const after = ((fault.from - this.began) / 1000).toFixed(1).padStart(6);
    say(`${after} s  ${planned.kind} ${planned.victim}${planned.lasts ? ` for ${planned.lasts} s` : ''}`);
    try {
      fault.victim = await this.break(planned);
    } catch (error) {
      onTrouble(`${planned.kind} ${planned.victim}: ${error instanceof Error ? error.message : String(error)}`);
    }
    fault.to = Date.now();
  }

  /** Breaks something and resolves when it is whole again; whom it met. */
  private async break({ kind, victim, lasts }: PlannedFault): Promise<string> {
    const { fleet, broker, cluster, database } = this.parts;
    const away = async (end: () => Promise<void>, start: () => Promise<void>, ms: number) => {
      await end();
      await delay(ms);
      await start();
    };
    switch (kind) {
      case 'kill':
        await this.kill([fleet.named(victim)]);
        return victim;
      case 'kill-all':
        await this.kill(fleet.of(victim));
        return victim;
      case 'stop':
        fleet.named(victim).signal('SIGSTOP');
        await delay(lasts * 1000);
        fleet.named(victim).signal('SIGCONT');
        return victim;
      case 'rolling-restart':
        await this.rollingRestart();
        return 'every service';
      case 'broker-kill':
        await away(
          () => broker.kill(),
          () => broker.start(),
          downMs,
        );
        return victim;
      case 'broker-away':
        await away(
          () => broker.stop(),
          () => broker.start(),
          lasts * 1000,
        );
        return victim;
      case 'database-kill':
        await away(
          () => database.kill(),
          () => database.start(),
          downMs,
        );
        return victim;
      case 'database-away':
        await away(
          () => database.stop(),
          () => database.start(),
          lasts * 1000,
        );
        return victim;
      case 'node-kill':
        return cluster!.killFor(Number(victim), downMs);
      case 'leader-kill':
        return cluster!.killFor(await cluster!.leaderOf('DELIVERIES'), downMs);
      case 'meta-leader-kill':
        return cluster!.killFor(await cluster!.metaLeader(), downMs);
      case 'cut-off':
        return cluster!.cutOff(Number(victim), lasts * 1000);
    }
  }

  private async kill(replicas: Replica[]): Promise<void> {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await Promise.all(replicas.map((replica) => this.comesBack(replica)));
  }

  /** Waits until it is ready; in vain only when the servers that it needs were there all that time. */
  private async comesBack(replica: Replica): Promise<void> {
    for (;;) {
      const began = Date.now();
      try {
        await replica.ready();
        return;
      } catch (error) {
        if (!this.happened.some(({ kind, to }) => outages.includes(kind) && to >= began)) throw error;
      }
    }
  }

  /** One process after another, each ready again before the next, as an orchestrator does it. */
  private async rollingRestart(): Promise<void> {
    const { fleet, onTrouble } = this.parts;
    for (const replica of fleet.replicas) {
      if (!(await replica.restart())) onTrouble(`${replica.name} did not stop in order when it was asked to`);
      await this.comesBack(replica);
    }
  }
}
