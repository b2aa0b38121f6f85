import { type FaultKind, faultKinds, lengths, type PlannedFault, planOf, takesTurns } from './plan.js';

const services = ['discord', 'gateway', 'health', 'journal', 'printer-ingest', 'rules', 'webhook'];
const plan = (over: Partial<Parameters<typeof planOf>[0]> = {}) =>
  planOf({ seed: 1, seconds: 60, services, replicas: 2, cluster: false, ...over });
const kinds = (faults: PlannedFault[]) => new Set(faults.map((fault) => fault.kind));
const ofCluster: FaultKind[] = ['node-kill', 'leader-kill', 'meta-leader-kill', 'cut-off'];

describe('the plan', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan()).toEqual(plan());
    expect(plan({ seed: 2 })).not.toEqual(plan());
  });

  it.each([20, 60, 600])('has every kind of fault in %i seconds, every service killed, in the order of time', (seconds) => {
    for (let seed = 0; seed < 50; seed++) {
      const faults = plan({ seed, seconds });
      expect(kinds(faults)).toEqual(new Set(faultKinds.filter((kind) => !ofCluster.includes(kind))));
      const killed = faults.filter((fault) => fault.kind === 'kill').map((fault) => fault.victim.replace(/-\d$/, ''));
      expect(new Set(killed)).toEqual(new Set(services));
      expect(faults.map((fault) => fault.at)).toEqual(faults.map((fault) => fault.at).sort((a, b) => a - b));
    }
  });

  it('has one long fault after another, never two at once', () => {
    for (let seed = 0; seed < 50; seed++) {
      const long = plan({ seed, seconds: 600 }).filter((fault) => takesTurns(fault.kind));
      for (const [i, fault] of long.entries())
        expect(long[i + 1]?.at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(fault.at + fault.lasts);
    }
  });

  it('goes round after round in a long run, and fills it', () => {
    const faults = plan({ seconds: 3600 });
    expect(faults.filter((fault) => fault.kind === 'broker-away').length).toBeGreaterThan(5);
    expect(Math.abs(faults.at(-1)!.at - 3600)).toBeLessThan(300);
  });

  it('breaks nodes of a cluster in place of the one server, and only what is asked for', () => {
    expect(kinds(plan({ cluster: true }))).toEqual(
      new Set(faultKinds.filter((kind) => kind !== 'broker-kill' && kind !== 'broker-away')),
    );
    expect(kinds(plan({ only: ['stop'] }))).toEqual(new Set(['stop']));
  });

  it('never stops a service for less than its lease, and has the long forms from 240 seconds on', () => {
    expect(lengths(20).stop).toBeGreaterThan(10);
    expect(lengths(60)).toMatchObject({ stop: 12, 'broker-away': 5, 'database-away': 5 });
    expect(lengths(240)).toMatchObject({ stop: 20, 'broker-away': 30, 'database-away': 30 });
  });
});
