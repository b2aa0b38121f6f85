import { parseArgs } from 'node:util';
import { type CaseName, cases } from './cases.js';

/** How large the measurements are. */
export interface Sizes {
  /** Each figure is the median of so many. */
  rounds: number;
  /** Published in a round at full speed. */
  events: number;
  /** How long a paced load lasts. */
  seconds: number;
  /** The most channels that are loaded. */
  channels: number;
  /** Deliveries that wait. */
  backlog: number;
  /** Requests under way where single events are posted. */
  concurrency: number;
}

export interface Options extends Sizes {
  /** The cases to measure, and the lines of each; all lines without any. */
  chosen: Map<CaseName, Set<string>>;
  json?: string;
  /** Folder for CPU profiles. */
  profile?: string;
  help: boolean;
}

const full: Sizes = { rounds: 3, events: 20_000, seconds: 30, channels: 100_000, backlog: 100_000, concurrency: 50 };
const quick: Sizes = { rounds: 1, events: 2000, seconds: 3, channels: 5000, backlog: 10_000, concurrency: 50 };
const sizeNames = Object.keys(full) as (keyof Sizes)[];

const says: Record<keyof Sizes, string> = {
  rounds: 'rounds of each measurement; figures are their median',
  events: 'events published in a round',
  seconds: 'length of a paced load, in seconds',
  channels: 'channels loaded where many are asked for',
  backlog: 'deliveries that wait where a backlog is asked for',
  concurrency: 'requests under way where single events are posted (1 to 50)',
};

export class OptionError extends Error {}

/** Reads the arguments; throws an OptionError that names the fault and what would be right. */
export function optionsOf(args: readonly string[]): Options {
  const { values, positionals } = parsed(args);
  const base = values.quick ? quick : full;
  const sizes = Object.fromEntries(
    sizeNames.map((name) => [name, values[name] === undefined ? base[name] : whole(name, values[name])]),
  ) as unknown as Sizes;
  if (sizes.concurrency > 50) throw new OptionError('--concurrency is 1 to 50: as many connections as there are printers');
  if (sizes.events < 1000 || sizes.events % 1000 > 0)
    throw new OptionError('--events is a multiple of 1000: arrays hold so many, and fewer tell nothing');
  return { ...sizes, chosen: chosenOf(positionals), json: values.json, profile: values.profile, help: values.help === true };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: withFolder(args),
      allowPositionals: true,
      options: {
        rounds: text,
        events: text,
        seconds: text,
        channels: text,
        backlog: text,
        concurrency: text,
        json: text,
        profile: text,
        quick: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new OptionError(`${(error as Error).message.split('. ')[0]}; --help shows what there is`);
  }
}

/** `--profile` may stand without a folder. */
const withFolder = (args: readonly string[]) => args.map((arg) => (arg === '--profile' ? '--profile=dist/profiles' : arg));

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new OptionError(`--${name} is a whole number of at least 1, not ${text}`);
  return value;
}

function chosenOf(positionals: readonly string[]): Map<CaseName, Set<string>> {
  const chosen = new Map<CaseName, Set<string>>();
  for (const one of positionals.length > 0 ? positionals : Object.keys(cases)) {
    const [name = '', ...lines] = one.split(':');
    if (!(name in cases)) throw new OptionError(`There is no case ${name}: the cases are ${Object.keys(cases).join(' ')}`);
    const known: readonly string[] = cases[name as CaseName].lines;
    for (const line of lines) {
      if (!known.includes(line))
        throw new OptionError(`Case ${name} has no line ${line}: ${known.length > 0 ? known.join(' ') : 'it has one only'}`);
    }
    const before = chosen.get(name as CaseName) ?? new Set<string>();
    chosen.set(name as CaseName, new Set([...before, ...(lines.length > 0 ? lines : known)]));
  }
  return chosen;
}

export function help(): string {
  const list = Object.entries(cases).map(
    ([name, { title, lines }]) => `  ${name}  ${title}${lines.length > 0 ? ` (${lines.join(', ')})` : ''}`,
  );
  const sizes = sizeNames.map((name) => `  --${name.padEnd(12)} ${says[name]} (${full[name]}; quick ${quick[name]})`);
  return [
    'npm run bench -- [cases] [options]     every case, if none is named; a:grpc is one line of a case',
    '',
    ...list,
    '',
    ...sizes,
    '  --quick        small numbers: shows that everything works, its figures say little',
    '  --json file    writes every figure of every round there',
    '  --profile[=folder]  CPU profiles of the services while they are measured; their sum is printed (folder: dist/profiles)',
    '',
  ].join('\n');
}
