import { spawn } from 'node:child_process';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A package by name, exact version and the sha512 integrity that npm has to find. */
export interface PinnedPackage {
  name: string;
  version: string;
  integrity: string;
}

const MAX_MS = 5 * 60_000;

/** Scripts are not run; the package's own wish for a newer Node.js does not matter, as only its files are used. */
const FLAGS = [
  'ci',
  '--no-audit',
  '--no-fund',
  '--ignore-scripts',
  '--engine-strict=false',
  '--global=false',
  '--no-progress',
  '--loglevel=error',
];

/**
 * Lets npm fetch one package into the new folder `draft` and answers where it lies there. npm checks the integrity, and asks
 * whatever registry, proxy and credentials the user has set up. Throws with npm's own words.
 */
export async function npmFetch(draft: string, pinned: PinnedPackage): Promise<string> {
  await mkdir(draft, { recursive: true });
  // npm does not know its own folder again behind a symbolic link
  const dir = await realpath(draft);
  const dependencies = { [pinned.name]: pinned.version };
  const place = `node_modules/${pinned.name}`;
  const lock = {
    name: 'fetched',
    lockfileVersion: 3,
    requires: true,
    packages: { '': { name: 'fetched', dependencies }, [place]: { version: pinned.version, integrity: pinned.integrity } },
  };
  await writeFile(join(dir, 'package.json'), JSON.stringify({ name: 'fetched', private: true, dependencies }));
  await writeFile(join(dir, 'package-lock.json'), JSON.stringify(lock));
  await runNpm(dir, [...FLAGS, '--prefix', dir]);
  return join(dir, place);
}

/** npm as it started this process (`npm start`), else the one on PATH. */
function npmCommand(): { command: string; leading: string[]; shell: boolean } {
  const cli = process.env.npm_execpath;
  // Other package managers set the variable too.
  if (cli !== undefined && basename(cli) === 'npm-cli.js') return { command: process.execPath, leading: [cli], shell: false };
  // Windows starts a .cmd file only by way of a shell.
  if (process.platform === 'win32') return { command: 'npm.cmd', leading: [], shell: true };
  return { command: 'npm', leading: [], shell: false };
}

function runNpm(dir: string, args: readonly string[]): Promise<void> {
  const { command, leading, shell } = npmCommand();
  const quoted = shell ? args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)) : args;
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...leading, ...quoted], {
      cwd: dir,
      shell,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: MAX_MS,
      windowsHide: true,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', (error) => reject(new Error(`npm cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ended with ${signal ?? code}: ${inShort(said)}`));
    });
  });
}

/** What npm said, without its warnings and its hint at a log file. */
function inShort(said: string): string {
  const lines = said.split('\n').filter((line) => line.startsWith('npm error') && !line.includes('complete log'));
  return lines
    .map((line) => line.replace(/^npm error\s*/, ''))
    .filter((line) => line !== '')
    .slice(0, 4)
    .join('; ');
}
