import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './children.js';
import { BadOption, help, type Options, readOptions } from './options.js';
import { isGood, reportText } from './report.js';
import { run } from './run.js';

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(options: Options): Promise<number> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'farmbell-chaos-'));
  // PostgreSQL runs as another user where this one is root, and must be able to enter
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'logs'));
  const children = new Children();
  // what runs by then is ended as at any other exit, the servers by their watchdog
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  let good = false;
  try {
    const report = await run({ options, children, folder, say });
    good = isGood(report);
    say(
      `\n${reportText(report)}\nseed ${options.seed}, ${report.seconds} s in all, ${report.failedStarts} starts failed while servers were away`,
    );
    if (options.json) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    say(`The run broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    children.endAll();
    if (good && !options.keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    else say(`The logs are in ${join(folder, 'logs')}`);
  }
  return good ? 0 : 1;
}

try {
  const options = readOptions(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 32));
  if (options === undefined) say(help);
  else process.exit(await main(options));
} catch (error) {
  if (!(error instanceof BadOption)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
