import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '#testing';

interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}
export interface CpuProfile {
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
}
export interface SelfTime {
  name: string;
  ms: number;
}

/** Where a function belongs: a package, one of our folders, Node.js itself or the engine. */
export function placeOf({ functionName, url }: Node['callFrame']): string {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (installed) return installed[1]!;
  const own = /\/dist\/((?:apps|libs|bench)\/[^/]+(?:\/[^/]+\.js|\/http\/[^/]+\.js)?)/.exec(url);
  if (own) return own[1]!.replace(/\/[^/]+\.js$/, '');
  if (url.startsWith('node:')) return url.replace(/^(node:(?:internal\/)?[^/]+).*/, '$1');
  return functionName.startsWith('(') ? functionName : 'built in';
}

/** Self time of each function and of each place, the most first; idle time left out. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): { functions: SelfTime[]; places: SelfTime[] } {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, ms: number) => to.set(name, (to.get(name) ?? 0) + ms);
  samples.forEach((id, i) => {
    const frame = byId.get(id);
    // a sample lasts until the next one, and each delta is the time since the one before
    const ms = (timeDeltas[i + 1] ?? 0) / 1000;
    if (!frame || frame.functionName === '(idle)' || frame.functionName === '(root)') return;
    const file = frame.url.replace(/^file:\/\/.*?\/(?=node_modules\/|dist\/)/, '');
    add(functions, file ? `${frame.functionName || '(anonymous)'}  ${file}:${frame.lineNumber + 1}` : frame.functionName, ms);
    add(places, placeOf(frame), ms);
  });
  const sorted = (from: Map<string, number>) =>
    [...from].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms || (a.name < b.name ? -1 : 1));
  return { functions: sorted(functions), places: sorted(places) };
}

/** One profile as text: what the process spent its time with, in µs per unit of work and in percent. */
export function profileText(service: string, profile: CpuProfile, units: number, most = 25): string {
  const { functions, places } = selfTimes(profile);
  const total = places.reduce((sum, { ms }) => sum + ms, 0);
  const line = ({ name, ms }: SelfTime) =>
    `  ${((ms * 1000) / units).toFixed(1).padStart(8)} µs ${((100 * ms) / (total || 1)).toFixed(1).padStart(5)} %  ${name}`;
  return [
    `${service}: ${((total * 1000) / units).toFixed(1)} µs each; by place`,
    ...places.slice(0, 12).map(line),
    ` by function`,
    ...functions.slice(0, most).map(line),
  ].join('\n');
}

/** Profiles of running services, begun and ended by signal. */
export class Profiling {
  constructor(private readonly folder: string) {}

  /** Options of Node.js for a service that is to be profiled. */
  optionsOf(service: string): string[] {
    const preload = new URL('./roles/profiled.js', import.meta.url);
    preload.searchParams.set('file', this.fileOf(service));
    return ['--import', preload.href];
  }

  async begin(pids: Record<string, number>): Promise<void> {
    for (const service of Object.keys(pids)) {
      rmSync(this.fileOf(service), { force: true });
      rmSync(`${this.fileOf(service)}.begun`, { force: true });
    }
    await this.signal(pids, (service) => `${this.fileOf(service)}.begun`);
  }

  /** Ends them and keeps each as <label>-<service>.cpuprofile, which Chrome's and VS Code's profilers open. */
  async end(pids: Record<string, number>): Promise<Record<string, CpuProfile>> {
    await this.signal(pids, (service) => this.fileOf(service));
    for (const service of Object.keys(pids)) rmSync(`${this.fileOf(service)}.begun`, { force: true });
    return Object.fromEntries(
      Object.keys(pids).map((service) => [service, JSON.parse(readFileSync(this.fileOf(service), 'utf8')) as CpuProfile]),
    );
  }

  private fileOf = (service: string) => join(this.folder, `${service}.cpuprofile`);

  private async signal(pids: Record<string, number>, file: (service: string) => string): Promise<void> {
    for (const pid of Object.values(pids)) process.kill(pid, 'SIGUSR2');
    for (const service of Object.keys(pids))
      await until(`${pathToFileURL(file(service))} is written`, 60_000, () => existsSync(file(service)));
  }
}
