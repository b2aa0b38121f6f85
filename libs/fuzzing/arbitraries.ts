import fc from 'fast-check';
import { catalogue, categoryOf, severities } from '#contracts';

/**
 * How long a property is tried: `usual` runs, times FUZZ_RUNS when that is set. A failure prints its seed and path; FUZZ_SEED
 * gives every property that seed, to see the failure again.
 */
export function fuzz(usual: number): { numRuns: number; seed?: number } {
  const { FUZZ_RUNS = '1', FUZZ_SEED } = process.env;
  return { numRuns: Math.max(1, Math.round(usual * Number(FUZZ_RUNS))), ...(FUZZ_SEED && { seed: Number(FUZZ_SEED) }) };
}

/** Keys that mean something to JavaScript, or to who writes programs in it. */
const treacherous = [
  '__proto__',
  'valueOf',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'hasOwnProperty',
  'then',
  'length',
  '',
];
const oddities = [
  '\0',
  '\ud83d',
  '\udc00',
  '\u202e',
  '\ufeff',
  '\u2028',
  '🖨',
  '👨‍👩‍👧',
  'e\u0301',
  '"',
  '\\',
  '%00',
  '{x}',
  '\r\n',
  '<b>',
  "'",
];

const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));

/** Texts that are hard to take: U+0000, half surrogate pairs, marks of every syntax, and long ones. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({ unit: fc.oneof(fc.constantFrom(...oddities), fc.string({ minLength: 1, maxLength: 2 })) }),
  },
  { weight: 3, arbitrary: fc.string({ unit: anyCharacter, maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom(...treacherous, 'null', 'NaN', '-0', '1e400', 'a'.repeat(9000), '🖨'.repeat(4001)) },
);

/** Any value that JSON text can bring, among them objects whose own keys are `__proto__` and the like. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    hostileText,
    fc.constantFrom(null, true, false, 0, -0, 1e308, -1e308, 5e-324, Number.MAX_SAFE_INTEGER + 2, 2 ** 63),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
  ),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(fc.constantFrom(...treacherous), hostileText), tie('value')), { maxLength: 4 }).map(own),
  ),
})).value;

/** An object with these as own properties, as JSON.parse makes it: also a `__proto__`. */
function own(entries: [string, unknown][]): object {
  const made = {};
  for (const [key, value] of entries) set(made, key, value);
  return made;
}
const set = (holder: object, key: string, value: unknown) =>
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });

/** `depth` arrays and objects, one in another, around 1. */
export const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

const publishable = catalogue.map((row) => row.type).filter((type) => categoryOf(type) !== 'channel');
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });
const units = fc.constantFrom('a', 'Z', '9', '🖨', 'é', '.', '{', ' ', '%', '<', '\u202e');
const words = (maxLength: number) => fc.string({ unit: units, maxLength });
const amount = fc.double({ min: 0, max: 1e12, noNaN: true });
const percent = fc.double({ min: 0, max: 100, noNaN: true });
const instant = fc
  .date({ noInvalidDate: true, min: new Date('0001-01-02T00:00:00Z'), max: new Date('2026-01-01T00:00:00Z') })
  .map((date) => date.toISOString());

/** Events that are taken: every key of the envelope that needs no store. */
export const goodEvent: fc.Arbitrary<Record<string, unknown> & { type: string }> = fc.record(
  {
    id: fc.uuid(),
    type: fc.constantFrom(...publishable),
    severity: fc.constantFrom(...severities),
    time: instant,
    title: words(120),
    message: words(300),
    organization: words(40),
    printer: some({ id: words(40), name: words(40), model: words(40), tags: fc.array(words(20), { maxLength: 3 }) }),
    job: some({ id: words(40), name: words(40), progress: percent, duration_s: amount, layer: fc.nat(), error: words(80) }),
    order: some({ number: words(20), total: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    material: some({ name: words(40), used_g: amount, remaining_percent: percent }),
    user: some({ first_name: words(40), last_name: words(40) }),
    link: fc.webUrl({ size: 'small' }),
    data: fc.dictionary(words(8), fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme-composite' }), { maxKeys: 4 }),
  },
  { requiredKeys: ['id', 'type'] },
);

type Change = { at: number; how: 'replace' | 'remove' | 'add' | 'wrap'; key: string; value: unknown };
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add', 'wrap'),
  key: fc.oneof(fc.constantFrom(...treacherous, 'snapshot', 'account', 'data', 'type', 'id'), hostileText),
  value: hostileJson,
});

/** Good ones with one to three things wrong, anywhere in them. */
export const withFaults = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc
    .tuple(good, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([one, changes]) => changes.reduce<unknown>(changed, copy(one)));
export const nearlyGood = withFaults(goodEvent);

function changed(event: unknown, { at, how, key, value }: Change): unknown {
  const places = placesIn(event);
  const place = places[at % places.length];
  if (place === undefined) return event;
  const [holder, name] = place;
  if (how === 'remove') delete holder[name];
  else if (how === 'wrap') holder[name] = [holder[name]];
  else if (how === 'replace' || !Array.isArray(holder)) set(holder, how === 'add' ? key : name, copy(value));
  return event;
}

type Holder = Record<string, unknown>;
/** A copy for each event: a value that was put in once must not grow by what is put into it. */
const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const placesIn = (value: unknown): [Holder, string][] =>
  value === null || typeof value !== 'object'
    ? []
    : Object.keys(value).flatMap((key) => [[value as Holder, key] as [Holder, string], ...placesIn((value as Holder)[key])]);

/** What JavaScript's own objects inherit: unchanged by whatever was read. */
export function expectUnpolluted(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
  for (const key of ['polluted', 'x', 'type', 'admin']) expect(({} as Record<string, unknown>)[key]).toBeUndefined();
}

/** JSON text that JSON.stringify would never write: keys twice, numbers that overflow, escapes for everything. */
export const rareJson: fc.Arbitrary<string> = fc.letrec<{ value: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom('1e400', '-1e400', '-0', '0.1e-999', '1E+2', '9'.repeat(400), '"\\u0000"', '"\\ud83d"', '"\\u0061"', 'null'),
    hostileText.map((text) => JSON.stringify(text)),
  ),
  value: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }).map((parts) => `[${parts.join(' ,\n')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'type', 'data', 'id', '__proto__', '\\u0074ype'), tie('value')), { maxLength: 5 })
      .map((pairs) => `{${pairs.map(([key, value]) => `"${key}" :${value}`).join(',')}}`),
  ),
})).value;
