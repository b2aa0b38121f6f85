import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds } from './plan.js';

export interface Options {
  /** How long the load lasts at least; it goes on until every planned fault is over. */
  seconds: number;
  seed: number;
  /** Of each service. */
  replicas: number;
  /** Events a second, all printers together. */
  rate: number;
  printers: number;
  /** Three NATS servers in place of one. */
  cluster: boolean;
  /** Only these kinds of faults; all of them when empty. */
  only: FaultKind[];
  /** A file for the report. */
  json?: string;
  /** Keep the logs in any case. */
  keep: boolean;
}

export class BadOption extends Error {}

export const help = `npm run chaos -- [options]

Starts every service in several processes, NATS and PostgreSQL, publishes events, breaks things, and says what became of
each event. Ends with 0 when nothing was lost, repeated or mixed up beyond what the README promises, with 1 otherwise.

  --seconds 60      how long to publish and break things, 20 to 86400; below 240 the long faults are shortened
  --seed N          the plan's seed; printed, and chosen anew when left out
  --replicas 2      processes of each service, 1 to 5
  --rate 40         events a second, 1 to 2000
  --printers 50     printers that publish, 10 to 1000
  --cluster         three NATS servers, each message on all three
  --only a,b        only these faults: ${faultKinds.join(', ')}
  --json FILE       write the report there as well
  --keep            keep the logs also when all is well
  --help            this text`;

/** Reads the command line. Undefined: help is asked for. Throws a BadOption that names the option and what a right value is. */
export function readOptions(args: string[], anySeed: () => number): Options | undefined {
  const { values } = parsed(args);
  if (values.help) return undefined;
  const whole = (name: 'seconds' | 'seed' | 'replicas' | 'rate' | 'printers', least: number, most: number, otherwise: number) => {
    const text = values[name];
    if (text === undefined) return otherwise;
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new BadOption(`--${name} must be a whole number from ${least} to ${most}`);
  };
  return {
    seconds: whole('seconds', 20, 86_400, 60),
    seed: whole('seed', 0, 2 ** 32 - 1, anySeed()),
    replicas: whole('replicas', 1, 5, 2),
    rate: whole('rate', 1, 2000, 40),
    printers: whole('printers', 10, 1000, 50),
    cluster: values.cluster ?? false,
    only: (values.only ?? '').split(',').filter(Boolean).map(kindOf),
    ...(values.json !== undefined && { json: values.json }),
    keep: values.keep ?? false,
  };
}

function kindOf(name: string): FaultKind {
  const kind = faultKinds.find((one) => one === name.trim());
  if (kind === undefined) throw new BadOption(`--only must name faults, comma-separated: ${faultKinds.join(', ')}`);
  return kind;
}

function parsed(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args,
      options: {
        seconds: text,
        seed: text,
        replicas: text,
        rate: text,
        printers: text,
        only: text,
        json: text,
        cluster: flag,
        keep: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new BadOption(`${(error as Error).message} (--help lists the options)`);
  }
}
