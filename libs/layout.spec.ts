import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The architecture's rules about folders, read from the folders themselves. Each fault is a sentence that says what to do. */
interface Source {
  /** From the repository's root, with slashes. */
  path: string;
  text: string;
}

/** Which libraries each may import. Data goes one way: contracts <- bus <- intake and delivery; runtime and servers stand alone. */
const mayImport: Record<string, string[]> = {
  contracts: [],
  runtime: [],
  servers: [],
  bus: ['contracts', 'runtime'],
  intake: ['bus', 'contracts', 'runtime'],
  delivery: ['bus', 'contracts', 'runtime'],
  testing: ['bus', 'contracts', 'delivery', 'runtime', 'servers'],
  fuzzing: ['bus', 'contracts', 'runtime', 'testing'],
};
/** What is no spec, but written for specs alone, and the harnesses: none of it ships. */
const forSpecs = [
  'libs/testing/',
  'libs/fuzzing/',
  'apps/all/farm.ts',
  'apps/gateway/harness.ts',
  'apps/discord/harness.ts',
  'bench/',
  'chaos/',
];
const harnesses = ['bench', 'chaos'];
/** Who must look at the environment itself: for a program on PATH, for folders, and for the environment of a child. */
const readsEnvironment = [
  'libs/runtime/config.ts',
  'libs/servers/files.ts',
  'libs/servers/nats-binary.ts',
  'libs/servers/npm-fetch.ts',
  'libs/servers/processes.ts',
];
const longest = 250;

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:\bfrom |\bimport\(|^import )'([^']+)'/gm)].map((found) => found[1]!);
/** `libs/bus/ask.ts` is of `libs/bus`; an import of `#bus` or of `../bus/ask.js` from another library reaches `libs/bus`. */
const homeOf = (path: string) =>
  path
    .split('/')
    .slice(0, harnesses.some((one) => path.startsWith(`${one}/`)) ? 1 : 2)
    .join('/');
const reached = (from: string, target: string): string | undefined => {
  if (target.startsWith('#')) return `libs/${target.slice(1)}`;
  return target.startsWith('.') ? homeOf(normalize(join(dirname(from), target))) : undefined;
};

function faultsOf({ path, text }: Source): string[] {
  const faults: string[] = [];
  const home = homeOf(path);
  const [kind, name = ''] = home.split('/') as [string, string?];
  const isSpec = path.endsWith('.spec.ts');
  const isForSpecs = isSpec || forSpecs.some((one) => path.startsWith(one));
  for (const target of importsOf(text)) {
    const other = reached(path, target);
    if (other === undefined || other === home) continue;
    const says = `${path} imports ${target}`;
    const lib = other.slice('libs/'.length);
    if (harnesses.includes(other)) {
      faults.push(`${says}: what ships, and the other harness, must not need ${other}/; what both need is libs/testing's`);
    } else if (other.startsWith('apps/')) {
      if (home !== 'apps/all') faults.push(`${says}: only apps/all imports apps; services speak by messages, or by ask()`);
    } else if (lib === 'testing' || lib === 'fuzzing') {
      if (!isForSpecs) faults.push(`${says}: only specs and their helpers may; what ships must not need it`);
    } else if (lib === 'servers') {
      if (!isForSpecs && home !== 'apps/all')
        faults.push(`${says}: only apps/all starts servers; services find theirs by NATS_URL and DATABASE_URL`);
    } else if (kind === 'apps' || harnesses.includes(home)) {
      if (!target.startsWith('#')) faults.push(`${says}: write '#${lib}', a library's inner files are its own`);
    } else if (!mayImport[name]?.includes(lib) && !isSpec) {
      faults.push(
        `${says}: libs/${name} may import ${mayImport[name]?.join(', ') || 'no library'}; move the code, or turn the arrow round`,
      );
    }
  }
  if (text.includes('process.env') && !isForSpecs && !readsEnvironment.includes(path))
    faults.push(`${path} reads process.env: declare the setting in libs/runtime/config.ts, where it is checked and documented`);
  if (/\bforwardRef\b/.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
    faults.push(`${path} uses forwardRef: two that need each other are one, or a third is missing between them`);
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines > longest) faults.push(`${path} has ${lines} lines: at most ${longest}, split it by what its parts are for`);
  if (/(^|\/)(common|shared|utils?|helpers)\//.test(path))
    faults.push(`${path}: name its folder by what it does, not by who uses it`);
  return faults;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const folders = (path: string) =>
  readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [`${path}/${entry.name}`] : [],
  );
const filesUnder = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(`${path}/${entry.name}`) : [`${path}/${entry.name}`],
  );
const libs = folders('libs');
const apps = folders('apps');
/** Apps that are a process of their own; apps/all is all of them in one. */
const services = apps
  .filter((app) => app !== 'apps/all' && existsSync(join(root, app, 'main.ts')))
  .map((app) => app.slice('apps/'.length));

describe('the layout', () => {
  it('holds in every file', () => {
    const paths = ['libs', 'apps', ...harnesses]
      .flatMap(filesUnder)
      .filter((path) => path.endsWith('.ts') && path !== 'libs/layout.spec.ts');
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.flatMap((path) => faultsOf({ path, text: read(path) }))).toEqual([]);
  });

  it('names every library here', () =>
    expect(libs.map((lib) => lib.slice('libs/'.length)).sort()).toEqual(Object.keys(mayImport).sort()));

  it.each([...libs, ...apps].filter((folder) => folder !== 'apps/all'))(
    '%s has one index.ts, through which others see it',
    (folder) => expect(existsSync(join(root, folder, 'index.ts'))).toBe(true),
  );

  it('has every app and library in nest-cli.json and in the imports of package.json', () => {
    const projects: Record<string, { root: string }> = JSON.parse(read('nest-cli.json')).projects;
    expect(
      Object.values(projects)
        .map((project) => project.root)
        .sort(),
    ).toEqual([...libs, ...apps].sort());
    const aliases = Object.keys(JSON.parse(read('package.json')).imports);
    expect(aliases.sort()).toEqual(libs.map((lib) => `#${lib.slice('libs/'.length)}`).sort());
  });

  it.each(['docker-compose.yml', 'k8s'])('has every service in %s, once that is there', (place) => {
    if (!existsSync(join(root, place))) return;
    const text = place === 'k8s' ? filesUnder(place).map(read).join('\n') : read(place);
    const missing = services.filter((service) => !new RegExp(`(^|[^\\w-])${service}([^\\w-]|$)`, 'm').test(text));
    expect(missing.map((service) => `${place} does not name ${service}: a service that is nowhere started does nothing`)).toEqual(
      [],
    );
  });

  it('has every service in apps/all', () => {
    const text = filesUnder('apps/all')
      .filter((path) => !path.endsWith('.spec.ts'))
      .map(read)
      .join('\n');
    expect(services.filter((service) => !text.includes(`'../${service}/index.js'`))).toEqual([]);
  });
});

describe('a rule broken is told', () => {
  it.each<[string, string, RegExp | null]>([
    ['libs/contracts/a.ts', "import { x } from '#bus';", /may import no library/],
    ['libs/bus/a.ts', "import { x } from '../delivery/lanes.js';", /libs\/bus may import contracts, runtime/],
    ['libs/bus/a.ts', "import type { x } from '#contracts';\nimport { y } from './bus.js';\nimport 'node:fs';", null],
    ['libs/delivery/http/a.ts', "import { x } from '../channel.js';", null],
    ['libs/runtime/a.ts', "const x = await import('#testing');", /only specs/],
    ['apps/rules/a.ts', "import { x } from '../journal/index.js';", /only apps\/all imports apps/],
    ['apps/rules/a.ts', "import { x } from '../../libs/bus/ask.js';", /write '#bus'/],
    ['apps/rules/a.ts', "import { x } from '#servers';", /only apps\/all starts servers/],
    ['apps/rules/a.ts', "import { x } from '#testing';", /only specs/],
    ['apps/rules/a.spec.ts', "import { x } from '#testing';", null],
    ['apps/all/a.ts', "import { x } from '../rules/index.js';\nimport { y } from '#servers';", null],
    ['apps/rules/a.ts', 'const x = process.env.HOME;', /libs\/runtime\/config.ts/],
    ['apps/rules/a.ts', 'constructor(@Inject(forwardRef(() => B)) b: B) {}', /forwardRef/],
    ['apps/rules/a.ts', '// no forwardRef here', null],
    ['apps/rules/a.ts', 'x\n'.repeat(250), null],
    ['apps/rules/a.spec.ts', 'x\n'.repeat(251), /has 251 lines/],
    ['apps/rules/utils/a.ts', '', /by what it does/],
    ['bench/a.ts', "import { x } from '#testing';\nimport { y } from '#servers';\nimport { z } from './table.js';", null],
    ['bench/a.ts', "import { x } from '../apps/rules/fold.js';", /only apps\/all imports apps/],
    ['bench/cases/a.ts', "import { x } from '../table.js';", null],
    ['bench/a.ts', "import { x } from '../chaos/load.js';", /what both need is libs\/testing's/],
  ])('%s (%#)', (path, text, sentence) => {
    const faults = faultsOf({ path, text });
    expect(faults).toEqual(sentence ? [expect.stringMatching(sentence)] : []);
  });
});
