import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { channelTypes, services } from '#contracts';
import { settings } from '#runtime';

/**
 * docs/configuration.md says what libs/runtime/config.ts says. After a change there:
 *
 *   RENEW_DOCS=1 npm test -- configuration.spec
 */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = join(root, 'docs/configuration.md');
const renew = 'run: RENEW_DOCS=1 npm test -- configuration.spec';

interface Told {
  description?: string;
  /** Who reads it. */
  by?: string[];
  /** What holds where it is not set and has no default. */
  otherwise?: string;
}
const told = (name: string) => (settings[name as keyof typeof settings].meta() ?? {}) as Told;
const names = Object.keys(settings);

/** Which services a word of `by` stands for. */
const readers: Record<string, readonly string[]> = {
  'npm start': [],
  'every service': services,
  'every service but gateway': services.filter((one) => one !== 'gateway'),
  'every service but printer-ingest': services.filter((one) => one !== 'printer-ingest'),
  'channel types': channelTypes,
  ...Object.fromEntries(services.map((one) => [one, [one]])),
};

function defaultOf(name: string): string {
  const value = settings[name as keyof typeof settings].parse(undefined);
  if (value === '') return 'empty';
  return value === undefined ? (told(name).otherwise ?? 'none') : `\`${value}\``;
}

const head = ['| variable | default | meaning | who reads it |', '| --- | --- | --- | --- |'];
const table = names.map((name) => {
  const { description, by = [] } = told(name);
  return `| \`${name}\` | ${defaultOf(name)} | ${description} | ${by.map((one) => (one === 'npm start' ? '`npm start`' : one)).join(', ')} |`;
});

it('every setting says what it means and who reads it', () => {
  const known = Object.keys(readers);
  const faults = names.filter((name) => {
    const { description, by } = told(name);
    return !description || !by || by.length === 0 || by.some((one) => !known.includes(one));
  });
  expect(faults.map((name) => `${name}: give it describe() and meta({ by }) of ${known.join(', ')}`)).toEqual([]);
});

it('docs/configuration.md has the table of them all', () => {
  const lines = readFileSync(page, 'utf8').split('\n');
  const from = lines.indexOf(head[0]!);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  const wanted = [...head, ...table];
  if (process.env.RENEW_DOCS) writeFileSync(page, [...lines.slice(0, from), ...wanted, ...lines.slice(from + length)].join('\n'));
  else expect([renew, ...lines.slice(from, from + length)]).toEqual([renew, ...wanted]);
});

it.each(services)('compose gives %s no setting that it does not read', (service) => {
  const { environment } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }).services[service];
  const unread = Object.keys(environment).filter((name) => !(told(name).by ?? []).some((one) => readers[one]?.includes(service)));
  expect(unread).toEqual([]);
});
