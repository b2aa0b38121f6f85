// Compiles into dist/. Outputs whose source is gone are removed, and unchanged ones left alone: a build beside a running
// process or test run disturbs neither.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const remembered = join(dist, '.tsbuildinfo');

/** What the compiler remembers holds only for the settings and packages that it was made with. */
const outdated = ['tsconfig.json', 'package-lock.json'].some(
  (name) => existsSync(remembered) && statSync(join(root, name)).mtimeMs > statSync(remembered).mtimeMs,
);
if (outdated) rmSync(remembered);

for (const part of ['apps', 'libs', 'bench', 'chaos']) {
  if (!existsSync(join(dist, part))) continue;
  for (const entry of readdirSync(join(dist, part), { recursive: true, withFileTypes: true })) {
    const output = join(entry.parentPath, entry.name);
    const source = join(root, relative(dist, output)).replace(/\.js(\.map)?$/, '.ts');
    if (entry.isFile() && !existsSync(source)) rmSync(output, { force: true });
  }
}

const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
process.exit(spawnSync(process.execPath, [compiler, '-p', root], { stdio: 'inherit' }).status ?? 1);
