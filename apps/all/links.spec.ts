import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the documents link to is there: files, and chapters of documents. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const documents = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
const anchorsIn = (path: string) => [...withoutCode(read(path)).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

function faultOf(document: string, target: string): string | undefined {
  const [path, anchor] = target.split('#') as [string, string?];
  const file = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(root, file))) return `${document} links to ${target}, which is not there`;
  if (anchor !== undefined && file.endsWith('.md') && !anchorsIn(file).includes(anchor))
    return `${document} links to ${target}: ${file} has no such chapter`;
  return undefined;
}

const linksOf = (document: string) =>
  [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));

it.each(documents)('%s links to what is there', (document) =>
  expect(linksOf(document).flatMap((target) => faultOf(document, target) ?? [])).toEqual([]),
);

it('every document is found from the README', () => {
  const linked = linksOf('README.md').map((target) => target.split('#')[0]);
  expect(documents.filter((path) => path !== 'README.md' && !linked.includes(path))).toEqual([]);
});

it('knows a file and a chapter that are not there', () => {
  expect(linksOf('README.md').length).toBeGreaterThan(10);
  expect(faultOf('docs/design.md', '../README.md#start')).toBeUndefined();
  expect(faultOf('docs/design.md', 'nothing.md')).toMatch(/is not there/);
  expect(faultOf('docs/design.md', '../README.md#no-such-chapter')).toMatch(/no such chapter/);
});
