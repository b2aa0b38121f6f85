import { accept, type Fault, limits, mostFaults } from './index.js';

const faultsIn = (input: object): Fault[] => {
  const accepted = accept({ type: 'job.started', ...input }, { account: 'default', now: new Date(), newId: () => 'made' });
  return 'errors' in accepted ? accepted.errors : [];
};
const paths = (input: object) => faultsIn(input).map((fault) => fault.path);
/** `a.b[0]` and a value as the object that has it there. */
const at = (path: string, value: unknown): object =>
  path
    .split('.')
    .reduceRight<unknown>(
      (inner, key) => (key.endsWith('[0]') ? { [key.slice(0, -3)]: [inner] } : { [key]: inner }),
      value,
    ) as object;

const texts: [path: string, codePoints: number][] = [
  ['title', 500],
  ['message', 8000],
  ['organization', 300],
  ...['id', 'name', 'tags[0]'].map((key): [string, number] => [`printer.${key}`, 300]),
  ...['model', 'location'].map((key): [string, number] => [`printer.${key}`, 1000]),
  ...['id', 'name'].map((key): [string, number] => [`job.${key}`, 300]),
  ...['file', 'error_code'].map((key): [string, number] => [`job.${key}`, 1000]),
  ['job.error', 8000],
  ['order.id', 300],
  ['order.number', 300],
  ['order.source', 1000],
  ['maintenance.id', 300],
  ['maintenance.task', 1000],
  ...['id', 'name'].map((key): [string, number] => [`material.${key}`, 300]),
  ...['type', 'color'].map((key): [string, number] => [`material.${key}`, 1000]),
  ...['id', 'first_name', 'last_name'].map((key): [string, number] => [`user.${key}`, 300]),
];

describe.each(texts)('%s', (path, max) => {
  it(`takes ${max} code points and no more`, () => {
    expect(paths(at(path, 'x'.repeat(max)))).toEqual([]);
    expect(paths(at(path, '🖨'.repeat(max)))).toEqual([]);
    const long = { path, message: `longer than ${max} characters` };
    expect(faultsIn(at(path, 'x'.repeat(max + 1)))).toEqual([long]);
    expect(faultsIn(at(path, '🖨'.repeat(max + 1)))).toEqual([long]);
    expect(faultsIn(at(path, 'x'.repeat(3 * max)))).toEqual([long]);
  });

  it.each([
    ['U+0000', 'a\0b'],
    ['a lone surrogate', 'a\ud83d'],
    ['a number', 5],
    ['null', null],
    ['an object', {}],
  ])('refuses %s', (_, value) => expect(paths(at(path, value))).toEqual([path]));
});

describe('numbers and flags', () => {
  it.each<[string, unknown[], unknown[]]>([
    ['job.progress', [0, 100, 12.5], [-1, 100.1, '5', null, Number.POSITIVE_INFINITY, Number.NaN]],
    ['job.duration_s', [0, 1.5, 1e12], [-0.1, 1e13]],
    ['job.remaining_s', [0, 1.5], [-1]],
    ['job.layer', [0, 5], [-1, 1.5, 2 ** 53]],
    ['job.layers', [0, 5], [-1, 1.5]],
    ['job.z_mm', [-1, 0.2], [1e7, '1']],
    ['job.external', [true, false], ['true', 1]],
    ['order.total', [0, -5, 1e9], ['9', Number.NEGATIVE_INFINITY]],
    ['material.used_g', [0, 1.5], [-1]],
    ['material.remaining_g', [0, 1.5], [-1]],
    ['material.remaining_percent', [0, 100], [-1, 101]],
  ])('%s', (path, good, bad) => {
    for (const value of good) expect([value, paths(at(path, value))]).toEqual([value, []]);
    for (const value of bad) expect([value, paths(at(path, value))]).toEqual([value, [path]]);
  });
});

describe('links and snapshots', () => {
  it.each<[unknown, string[]]>([
    ['https://farm.example/a?b=c#d', []],
    ['http://192.168.1.2:8080/', []],
    ['ftp://farm.example', ['link']],
    ['javascript:alert(1)', ['link']],
    ['/relative', ['link']],
    [`https://farm.example/${'x'.repeat(1000)}`, ['link']],
    ['', ['link']],
  ])('link %j', (link, expected) => expect(paths({ link })).toEqual(expected));
  it.each<[unknown, string[]]>([
    [{ url: 'https://farm.example/a.png' }, []],
    [{ content_type: 'image/webp', base64: 'AAAA' }, []],
    [{ content_type: 'image/gif', base64: 'AAAA' }, ['snapshot']],
    [{ content_type: 'image/png', base64: 'not base64!' }, ['snapshot.base64']],
    [{ url: 'https://a.example', base64: 'AAAA', content_type: 'image/png' }, ['snapshot']],
    [{ url: 'file:///etc/passwd' }, ['snapshot.url']],
    [{}, ['snapshot']],
    ['text', ['snapshot']],
  ])('snapshot %j', (snapshot, expected) => expect(paths({ snapshot })).toEqual(expected));
});

describe('unknown keys', () => {
  it.each(['', 'printer.', 'job.', 'order.', 'maintenance.', 'material.', 'user.'])(
    'at %j are refused with their path',
    (level) => {
      expect(faultsIn(at(`${level}extra`, 1))).toEqual([{ path: `${level}extra`, message: 'is not a known key' }]);
      expect(paths(JSON.parse(JSON.stringify(at(`${level}x`, 1)).replace('"x"', '"__proto__"')))).toEqual([`${level}__proto__`]);
    },
  );
  it('are not repeated whole, nor without end', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}${'k'.repeat(500)}`, 1]));
    const faults = faultsIn(many);
    expect(faults).toHaveLength(mostFaults + 1);
    expect(faults.at(-1)?.message).toBe(`has ${5000 - mostFaults} more faults`);
    expect(Math.max(...faults.map((fault) => fault.path.length))).toBe(80);
    expect(faultsIn({ 'a\0\ud800': 1 })[0]?.path).toBe('a\ufffd\ufffd');
  });
});

describe('data', () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });
  const lists = (levels: number): unknown => (levels === 1 ? [] : [lists(levels - 1)]);
  it('may be 20 deep and no deeper', () => {
    expect(paths({ data: nested(20) })).toEqual([]);
    expect(faultsIn({ data: nested(21) })[0]?.message).toBe('is nested deeper than 20 levels');
    expect(paths({ data: { a: lists(19) } })).toEqual([]);
    expect(paths({ data: { a: lists(20) } })).toHaveLength(1);
  });
  it('may be 32 KiB and no larger', () => {
    const overhead = JSON.stringify({ a: '' }).length;
    expect(paths({ data: { a: 'x'.repeat(limits.dataBytes - overhead) } })).toEqual([]);
    expect(faultsIn({ data: { a: 'x'.repeat(limits.dataBytes - overhead + 1) } })).toEqual([
      { path: 'data', message: 'is larger than 32 KiB' },
    ]);
    expect(paths({ data: { a: 'ü'.repeat(limits.dataBytes / 2) } })).toEqual(['data']);
  });
  it.each<[string, unknown, string]>([
    ['U+0000', { a: ['\0'] }, 'data.a[0]'],
    ['a lone surrogate', { a: { b: '\udc00' } }, 'data.a.b'],
    ['a key with U+0000', { a: { 'b\0': 1 } }, 'data.a'],
    ['a list instead of an object', [], 'data'],
    ['null', null, 'data'],
  ])('refuses %s', (_, data, path) => expect(paths({ data })).toEqual([path]));
});

describe('the whole event', () => {
  const padded = (bytes: number) => {
    const event = { type: 'job.started', message: '', job: { error: '' }, data: { a: 'x'.repeat(30_000) } };
    const missing = bytes - JSON.stringify(event).length;
    const emoji = Math.floor(Math.min(missing, 32_000) / 4);
    const rest = missing - emoji * 4;
    return { ...event, message: '🖨'.repeat(emoji), job: { error: 'é'.repeat(rest >> 1) + 'x'.repeat(rest % 2) } };
  };
  it('may be 64 KiB without its snapshot', () => {
    expect(Buffer.byteLength(JSON.stringify(padded(limits.eventBytes)))).toBe(limits.eventBytes);
    expect(paths(padded(limits.eventBytes))).toEqual([]);
    expect(paths({ ...padded(limits.eventBytes), snapshot: { content_type: 'image/png', base64: 'A'.repeat(400_000) } })).toEqual(
      [],
    );
    expect(faultsIn(padded(limits.eventBytes + 1))).toEqual([
      { path: '', message: 'the event is larger than 64 KiB (without its snapshot)' },
    ]);
  });
  it('may have at most 100 tags', () => {
    const tags = (n: number) => ({ printer: { tags: Array.from({ length: n }, String) } });
    expect([paths(tags(100)), paths(tags(101))]).toEqual([[], ['printer.tags']]);
  });
});
