import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { endServices } from '#testing';
import { Bench } from './bench.js';
import { cases } from './cases.js';
import { help, OptionError, type Options, optionsOf } from './options.js';
import { type Report, reportJson, reportText } from './report.js';
import { endRoles } from './role-process.js';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** What takes longer to end in order is ended by force; a second signal does so at once. */
const leaveMs = 30_000;

async function measure(options: Options): Promise<void> {
  const bench = new Bench(options, say);
  let leaving: Promise<void> | undefined;
  const leave = (code: number) => {
    leaving ??= (async () => {
      endRoles();
      await Promise.race([bench.stop(), delay(leaveMs)]);
      endServices();
      process.exit(code);
    })();
    return leaving;
  };
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => void leave(code));
  const reports: Report[] = [];
  const about = {
    node: process.version,
    machine: { cpus: cpus().length, model: cpus()[0]?.model, memory_gib: Math.round(totalmem() / 2 ** 30) },
    began: new Date().toISOString(),
    load_before: loadavg()[0],
    options: { ...options, chosen: [...options.chosen].map(([name, lines]) => [name, ...lines].join(':')) },
  };
  try {
    for (const [name, lines] of options.chosen) {
      const { title, measure: run } = cases[name];
      say(`${name}  ${title}`);
      const report = { case: name, title, rows: await run(bench, lines) };
      reports.push(report);
      process.stdout.write(`${reportText(report)}\n`);
      if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(reportJson(reports, about), null, 2)}\n`);
    }
  } catch (error) {
    if (!leaving) say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await leave(1);
  }
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options.help) process.stdout.write(help());
  else await measure(options);
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  say(error.message);
  process.exitCode = 2;
}
