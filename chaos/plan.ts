import { type Random, randomOf } from './random.js';

export const faultKinds = [
  'kill',
  'kill-all',
  'stop',
  'rolling-restart',
  'broker-kill',
  'broker-away',
  'database-kill',
  'database-away',
  'node-kill',
  'leader-kill',
  'meta-leader-kill',
  'cut-off',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  kind: FaultKind;
  /** Seconds after the load begins. */
  at: number;
  /** For how long, seconds; 0 where the fault is an instant. */
  lasts: number;
  /** A service, a replica such as `rules-1`, `nats`, `postgres`, or a node's number; empty where that is found out then. */
  victim: string;
}

export interface PlanInput {
  seed: number;
  seconds: number;
  services: readonly string[];
  replicas: number;
  cluster: boolean;
  only?: readonly FaultKind[];
}

export const nodes = 3;
const calmBefore = 4;
const single: readonly FaultKind[] = ['broker-kill', 'broker-away'];
const clustered: readonly FaultKind[] = ['node-kill', 'leader-kill', 'meta-leader-kill', 'cut-off'];
/** One after another: two of them at once would hide each other. */
const inTurn: readonly FaultKind[] = ['stop', 'rolling-restart', 'database-kill', 'database-away', ...single, ...clustered];

/** How long the long faults last, seconds: whole in a long run; in a short one as long as they must be to tell something. */
export function lengths(seconds: number): Partial<Record<FaultKind, number>> {
  const share = Math.min(Math.max(seconds - 60, 0) / 180, 1);
  const scaled = (least: number, whole: number) => Math.round(least + (whole - least) * share);
  return {
    // beyond the lease of 10 s in any case: another replica takes over while this one knows nothing of it
    stop: scaled(12, 20),
    'broker-away': scaled(5, 30),
    'database-away': scaled(5, 30),
    'cut-off': scaled(6, 20),
    // about: each process is ready before the next one goes
    'rolling-restart': scaled(40, 60),
  };
}

/** What is broken, when and whom: all from the seed. Each kind comes at least once; in a long run, round after round. */
export function planOf({ seed, seconds, services, replicas, cluster, only = [] }: PlanInput): PlannedFault[] {
  const random = randomOf(seed);
  const left = cluster ? single : clustered;
  const kinds = faultKinds.filter((kind) => !left.includes(kind) && (only.length === 0 || only.includes(kind)));
  const lasting = lengths(seconds);
  const plan: PlannedFault[] = [];
  let at = calmBefore;
  let round = 0;
  do {
    const began = at;
    for (const kind of random.shuffled(kinds.filter((one) => inTurn.includes(one)))) {
      const lasts = lasting[kind] ?? 0;
      plan.push({ kind, at, lasts, victim: victimOf(kind, random, services, replicas) });
      at += lasts + random.between(2, 4);
    }
    at = Math.max(at, began + 20);
    const instants = random.shuffled(kinds.includes('kill') ? services : []);
    for (const service of instants)
      plan.push({
        kind: 'kill',
        at: random.between(began, at - 2),
        lasts: 0,
        victim: `${service}-${1 + random.below(replicas)}`,
      });
    for (const service of kinds.includes('kill-all') ? random.shuffled(services).slice(0, 2) : [])
      plan.push({ kind: 'kill-all', at: random.between(began, at - 2), lasts: 0, victim: service });
    round = at - began;
  } while (at + round * 0.9 <= seconds);
  return plan.map((one) => ({ ...one, at: Math.round(one.at * 10) / 10 })).sort((a, b) => a.at - b.at);
}

function victimOf(kind: FaultKind, random: Random, services: readonly string[], replicas: number): string {
  if (kind === 'stop') return `${random.pick(services)}-${1 + random.below(replicas)}`;
  if (kind.startsWith('broker')) return 'nats';
  if (kind.startsWith('database')) return 'postgres';
  if (kind === 'node-kill' || kind === 'cut-off') return String(random.below(nodes));
  return '';
}

/** Whether a fault goes after the one before it is over. */
export const takesTurns = (kind: FaultKind): boolean => inTurn.includes(kind);
