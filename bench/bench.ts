import { mkdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usEach } from './cpu.js';
import { type FarmOptions, startFarm } from './farm.js';
import type { Options } from './options.js';
import { Profiling, profileText } from './profile.js';
import type { Round } from './report.js';
import { type Flow, type Flowed, Rig } from './rig.js';

/** What every case is given: the sizes, farms to measure, and a place for what is worth saying meanwhile. */
export class Bench {
  private readonly profiling: Profiling | undefined;
  private readonly profiled = new Set<string>();
  private readonly ends = new Set<() => Promise<void>>();

  constructor(
    readonly options: Options,
    readonly say: (line: string) => void,
  ) {
    if (options.profile === undefined) return;
    const folder = resolve(options.profile);
    mkdirSync(folder, { recursive: true });
    this.profiling = new Profiling(folder);
  }

  /** Runs `work` with a farm of its own, and ends it again, whatever happens. */
  async withFarm<T>(options: FarmOptions, work: (rig: Rig) => Promise<T>): Promise<T> {
    const farm = await startFarm({ ...options, node: (service) => this.profiling?.optionsOf(service) ?? [] });
    this.ends.add(farm.stop);
    try {
      const rig = await Rig.around(farm);
      try {
        return await work(rig);
      } finally {
        await rig.stop();
      }
    } finally {
      await farm.stop();
      this.ends.delete(farm.stop);
      if (farm.output() !== '') this.say(`the services said: ${farm.output().slice(-3000)}`);
    }
  }

  /** Ends every farm: for the harness's own end amid a case. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.ends].map((end) => end()));
  }

  /** Runs `measure` as often as there are rounds, each line in turn. */
  async rounds<K extends string>(lines: readonly K[], measure: (line: K) => Promise<Round>): Promise<Record<K, Round[]>> {
    const measured = Object.fromEntries(lines.map((line) => [line, [] as Round[]])) as Record<K, Round[]>;
    for (let round = 1; round <= this.options.rounds; round++) {
      for (const line of lines) {
        const one = await measure(line);
        measured[line].push(one);
        const floor = one.floor === undefined ? '' : `, floor ${one.floor.toFixed(1)}`;
        this.say(`${line}, round ${round}: ${one.value.toFixed(1)}${floor}`);
      }
    }
    return measured;
  }

  /** One flow, with a CPU profile of the services the first time that `label` is measured, if profiles are asked for. */
  async flow(rig: Rig, label: string, flow: Flow): Promise<Flowed> {
    return this.profile(
      rig,
      label,
      () => rig.flow(flow),
      (flowed) => flowed.deliveries || flow.events,
    );
  }

  private async profile<T>(rig: Rig, label: string, work: () => Promise<T>, unitsOf: (done: T) => number): Promise<T> {
    if (!this.profiling || this.profiled.has(label)) return work();
    this.profiled.add(label);
    const pids = rig.farm.servicePids();
    await this.profiling.begin(pids);
    const done = await work();
    for (const [service, profile] of Object.entries(await this.profiling.end(pids))) {
      this.say(`${label}: ${profileText(service, profile, unitsOf(done))}\n`);
      const folder = resolve(this.options.profile!);
      const name = `${label.replaceAll(/\W+/g, '-')}-${service}.cpuprofile`;
      renameSync(join(folder, `${service}.cpuprofile`), join(folder, name));
    }
    return done;
  }

  /** Deliveries a second of a flow, beside the floor's in the same round. */
  async beside(rig: Rig, label: string, flow: Flow): Promise<Round> {
    const floor = await rig.floor(this.options.events);
    const flowed = await this.flow(rig, label, flow);
    const { published, deliveries, seconds, settledSeconds } = flowed;
    return {
      value: deliveries / seconds,
      floor: floor.deliveries / floor.seconds,
      cpu: usEach(flowed.cpu, deliveries),
      floorCpu: usEach(floor.cpu, floor.deliveries),
      extra: {
        'accepted events/s': (flow.events * 1000) / (published.endedAt - published.startedAt),
        'all services done after, s': settledSeconds,
      },
    };
  }
}
