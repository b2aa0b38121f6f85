import { setMaxListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { channelPlans } from './channels.js';
import { type Farm, type FarmParts, startFarm } from './farm.js';
import { Faults } from './faults.js';
import { serviceNames } from './fleet.js';
import { Inside } from './inside.js';
import { judge } from './judge.js';
import { doomedEvent, Load } from './load.js';
import type { Options } from './options.js';
import { type PlannedFault, planOf } from './plan.js';
import type { Accepted, Fault, Records } from './records.js';
import { recoveries } from './recovery.js';
import type { Report } from './report.js';
import { restarts } from './restarts.js';
import { settled, settleMs } from './settling.js';

export interface RunParts extends FarmParts {
  say: (line: string) => void;
}

const progressMs = 10_000;
const calmAfterMs = 5000;
const doomedEvents = 30;
const lastAnswersMs = 60_000;

/** One run: everything started, load and faults, all settled, judged, everything ended. */
export async function run(parts: RunParts): Promise<Report> {
  const began = Date.now();
  const { options, folder, say } = parts;
  const plan = planOf({ ...options, services: serviceNames() });
  const shown = plan.map(({ kind, at, victim }) => `${at} ${kind} ${victim}`.trim());
  say(`seed ${options.seed}; ${plan.length} faults, at seconds ${shown.join(', ')}`);
  const farm = await startFarm(parts);
  const troubles: string[] = [];
  try {
    say(`${farm.fleet.replicas.length} processes are ready after ${seconds(Date.now() - began)}`);
    const { accepted, faults } = await storm(farm, { plan, options, say, trouble: (what) => troubles.push(what) });
    say(`${accepted.length} events accepted; waiting until all has settled`);
    const inside = await Inside.open(farm.broker.url, farm.database.url);
    const unsettled = await settled(inside, farm.api, say);
    for (const row of await farm.api.rejected()) troubles.push(`rejected: ${JSON.stringify(row)}`);
    for (const { replica, at, by } of farm.fleet.crashes)
      troubles.push(
        `${replica} ended by itself at ${new Date(at).toISOString()} (${by}); its log: ${join(farm.logs, replica)}.log`,
      );

    const arrivals = await farm.receiving.arrivals(join(folder, 'arrivals.json'));
    const [seen, reported, waitingRows] = [await farm.api.deliveries(), await inside.reported(), await inside.waitingRows()];
    const records: Records = { accepted, arrivals, shown: seen, reported, waitingRows, faults };
    await writeFile(join(folder, 'records.json'), JSON.stringify({ ...records, waitingRows: [...waitingRows] }));
    await Promise.all([inside.close(), farm.publishing.close()]);
    const fast = channelPlans.filter((channel) => channel.fast);
    const judgement = judge(records);
    return {
      ...judgement,
      options,
      recoveries: recoveries(faults, accepted, arrivals, fast),
      restarts: restarts(faults, accepted, arrivals, judgement.violations, fast),
      troubles,
      unsettled,
      failedStarts: farm.fleet.failedStarts,
      seconds: Math.round((Date.now() - began) / 1000),
    };
  } finally {
    await farm.end();
  }
}

interface Storm {
  plan: PlannedFault[];
  options: Options;
  say: (line: string) => void;
  trouble: (what: string) => void;
}

/** Load and faults, until both are over: what was accepted, and what happened. */
async function storm(farm: Farm, { plan, options, say, trouble }: Storm): Promise<{ accepted: Accepted[]; faults: Fault[] }> {
  const stop = new AbortController();
  // each printer waits with it
  setMaxListeners(0, stop.signal);
  const load = new Load({
    ...options,
    publish: (event) => farm.publishing.publish(event),
    signal: stop.signal,
    onRefused: (event, error) => {
      if (/HTTP 4\d\d|INVALID_ARGUMENT|UNAUTHENTICATED/.test(String(error))) trouble(`${event.id} was refused: ${error}`);
    },
  });
  for (let n = 0; n < doomedEvents; n++) await load.until(doomedEvent(n, false));
  load.start();
  const progress = setInterval(() => {
    void farm.receiving.count().then((n) => say(`        ${load.accepted.length} events accepted, ${n} requests arrived`));
  }, progressMs);
  const faults = new Faults({ ...farm, plan, say, onTrouble: trouble });
  const doom = async () => {
    await delay(options.seconds * 500);
    await farm.api.allWait('doomed', doomedEvents, settleMs);
    await load.until(doomedEvent(doomedEvents, true));
  };
  const doomed = doom().catch((error: Error) => trouble(`the end of \`doomed\` was not brought about: ${error.message}`));
  await Promise.all([faults.run(), doomed, delay(options.seconds * 1000)]);
  await delay(calmAfterMs);

  stop.abort();
  const unanswered = await Promise.race([load.ended().then(() => false), delay(lastAnswersMs, true, { ref: false })]);
  if (unanswered) trouble(`events were still not accepted ${seconds(lastAnswersMs)} after the last fault`);
  clearInterval(progress);
  return { accepted: load.accepted, faults: faults.happened };
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`;
