import { readFileSync } from 'node:fs';
import { streams } from '#bus';
import { channelTypes } from './outcome.js';
import { natsUsers, permissionsOf, services, streamNames } from './permissions.js';

/** Names, not patterns: what is listed for a wildcard stands for the whole subtree. */
const tooWide = ['>', '*', '*.>', '$JS.>', '$JS.API.>', '$JS.API.STREAM.>', '$KV.>', '$O.>', '$SYS.>', '_INBOX.>', 'farmbell.>'];

it('knows every stream that the bus declares', () =>
  expect([...streamNames].sort()).toEqual(
    streams({ dedupS: 1, retentionDays: 1, replicas: 1 })
      .map(({ name }) => name)
      .sort(),
  ));

it.each(services)('lets %s do nothing by a pattern that stands for everything', (service) => {
  const { publish, subscribe } = permissionsOf(service);
  expect([...publish, ...subscribe].filter((subject) => tooWide.includes(subject))).toEqual([]);
  expect(publish.filter((subject) => /STREAM\.(DELETE|LIST|NAMES|MSG\.DELETE)/.test(subject))).toEqual([]);
});

it.each(services)('lets %s hear its own replies and questions alone', (service) =>
  expect(permissionsOf(service).subscribe).toEqual([`_INBOX_${service}.>`, `farmbell.ask.${service}.>`]),
);

it('gives every channel type the same rights, each in its own part', () => {
  const [first, ...others] = channelTypes.map((type) => JSON.stringify(permissionsOf(type)).replaceAll(type, '<type>'));
  for (const other of others) expect(other).toBe(first);
});

it('lets a service answer whoever asks it, and nobody else', () => {
  const answered = (service: (typeof services)[number]) =>
    permissionsOf(service).publish.filter((subject) => subject.startsWith('_INBOX'));
  expect(answered('gateway')).toEqual(['_INBOX_printer-ingest.>']);
  expect(answered('rules')).toEqual(['gateway', 'rules', ...channelTypes].map((asker) => `_INBOX_${asker}.>`));
  expect(answered('journal')).toEqual(['_INBOX_gateway.>', '_INBOX_printer-ingest.>', '_INBOX_rules.>']);
  expect(answered('discord')).toEqual(['_INBOX_gateway.>', '_INBOX_rules.>']);
});

it('has a user for each service, and the publisher', () =>
  expect(Object.keys(natsUsers).sort()).toEqual([...services, 'publisher'].sort()));

/** One row of the table in docs/security.md, made from the rights themselves. */
function rowOf(user: string): string {
  const { publish } = natsUsers[user]!;
  const listed = (found: (string | undefined)[]) =>
    [...new Set(found.filter((one) => one !== undefined))].map((one) => `\`${one}\``).join(' ') || '-';
  const part = (pattern: RegExp) => listed(publish.map((subject) => pattern.exec(subject)?.[1]));
  const read = publish.map((subject) => /^\$JS\.API\.CONSUMER\.CREATE\.([A-Z]+)\.[^.]+(?:\.(.+))?$/.exec(subject));
  const columns = [
    part(/^(farmbell\.(?!ask\.).+)$/),
    listed(read.map((found) => found?.[1] && (found[2] ? `${found[1]}: ${found[2]}` : found[1]))),
    part(/^farmbell\.ask\.(.+)$/),
    part(/^\$(?:KV|O)\.(.+)$/),
    part(/^\$JS\.API\.CONSUMER\.CREATE\.(?:KV|OBJ)_([A-Z]+)\./),
  ];
  return `| ${user} | ${columns.join(' | ')} |`;
}

it('is what docs/security.md says', () => {
  const text = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const types = (user: string) => user.replaceAll('discord', 'TYPE');
  const wanted = ['gateway', 'printer-ingest', 'rules', 'health', 'journal', 'discord', 'publisher'].map((user) =>
    types(rowOf(user)),
  );
  const said = text.split('\n').filter((line) => wanted.some((row) => line.startsWith(row.slice(0, row.indexOf(' |', 2) + 2))));
  expect(said).toEqual(wanted);
});
