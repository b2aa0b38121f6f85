import fc from 'fast-check';
import { accept, catalogue, categoryOf, type Fault, fromCloudEvent, severities } from './index.js';

const now = new Date('2026-03-01T12:00:00Z');
const context = { account: 'default', now, newId: () => 'made' };
const publishable = catalogue.map((row) => row.type).filter((type) => categoryOf(type) !== 'channel');

/** Faults as a publisher can use them: each with words, and nothing that a JSON store refuses. */
function readable(errors: Fault[]): void {
  expect(errors.length).toBeGreaterThan(0);
  for (const { path, message } of errors) {
    expect(message).toMatch(/\S{2}/);
    expect(`${path}${message}`.isWellFormed() && !`${path}${message}`.includes('\0')).toBe(true);
  }
}
function acceptsOrSays(input: unknown): void {
  const accepted = accept(input, context);
  if ('errors' in accepted) {
    readable(accepted.errors);
    return;
  }
  // as it is stored: JSON knows no -0
  const stored: unknown = JSON.parse(JSON.stringify(accepted.event));
  expect(accept(stored, context)).toMatchObject({ event: stored as object });
}

const text = fc.string({
  unit: fc.oneof(fc.constantFrom('\0', '\ud83d', '🖨', ' ', '{', 'é'), fc.string({ minLength: 1, maxLength: 1 })),
});
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 100, 1e300, Number.POSITIVE_INFINITY));
const instant = fc.oneof(
  fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: now }).map((date) => date.toISOString()),
  fc.constantFrom('9999-12-31T23:59:59Z', '0000-01-01T00:00:00+23:59', '2026-03-01T12:00:00-23:59', 'now'),
);
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });
const event = some({
  id: fc.oneof(fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/), text),
  type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...publishable, 'custom.door') }, { weight: 1, arbitrary: text }),
  severity: fc.constantFrom(...severities),
  time: instant,
  title: text,
  message: text,
  account: fc.constantFrom('default', 'other'),
  organization: text,
  printer: some({ id: text, name: text, model: text, tags: fc.array(text, { maxLength: 3 }), location: text }),
  job: some({ id: text, name: text, progress: number, duration_s: number, layer: number, started_at: instant, error: text }),
  order: some({ number: text, total: number }),
  material: some({ name: text, used_g: number, remaining_percent: number }),
  data: fc.oneof(fc.dictionary(text, fc.jsonValue()), fc.jsonValue()),
});
/** The same without what is refused: names are words, numbers small. */
const word = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '🖨', 'é', '.', '{', ' '), maxLength: 600 });
const good = fc.record(
  {
    type: fc.constantFrom(...publishable),
    time: fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: now }).map((date) => date.toISOString()),
    printer: some({ id: word, name: word.map((w) => [...w].slice(0, 300).join('')) }).map(({ name }) => ({ name })),
    job: some({
      name: word.map((w) => [...w].slice(0, 300).join('')),
      file: word,
      progress: fc.double({ min: 0, max: 100, noNaN: true }),
    }),
    user: some({ first_name: word.map((w) => [...w].slice(0, 300).join('')) }),
    data: fc.dictionary(
      fc.string({ unit: fc.constantFrom('a', 'b', '_') }),
      fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme-composite' }),
    ),
  },
  { requiredKeys: ['type'] },
);

describe('accept()', () => {
  it('never throws, whatever JSON comes', () => {
    fc.assert(fc.property(fc.jsonValue({ stringUnit: 'binary' }), acceptsOrSays), { numRuns: 500 });
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withObjectString: true }), acceptsOrSays), { numRuns: 500 });
  });

  it('takes or explains what looks like an event, and takes again unchanged what it took', () => {
    fc.assert(fc.property(event, acceptsOrSays), { numRuns: 2000 });
  });

  it('takes every good event, and takes it again unchanged', () => {
    const check = (input: object) => {
      const first = accept(input, context);
      expect(first).toHaveProperty('event');
      if ('event' in first) expect(accept(first.event, context)).toEqual({ ...first, idGiven: true });
    };
    fc.assert(fc.property(good, check), { numRuns: 1000 });
  });

  it.each([
    ['__proto__ in data', '{"type":"job.started","data":{"a":{"__proto__":{"polluted":1}}}}', []],
    ['__proto__ for a type', '{"type":"__proto__"}', ['type']],
    ['__proto__ around all', '{"__proto__":{"type":"job.started"}}', ['type', '__proto__']],
    ['constructor and toString', '{"type":"job.started","constructor":1,"toString":1}', ['constructor', 'toString']],
    ['hasOwnProperty in a printer', '{"type":"job.started","printer":{"hasOwnProperty":1}}', ['printer.hasOwnProperty']],
    ['toJSON in data', '{"type":"job.started","data":{"toJSON":1,"length":-1}}', []],
    ['an overflowing number', '{"type":"job.started","job":{"progress":1e999}}', ['job.progress']],
  ])('holds against %s', (_, json, paths) => {
    const accepted = accept(JSON.parse(json), context);
    expect('errors' in accepted ? accepted.errors.map((fault) => fault.path) : []).toEqual(paths);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(['data', 'job', 'printer', 'title', 'type', 'snapshot', 'unknown'])('holds against 100,000 levels in %s', (key) => {
    let deep: unknown = {};
    for (let i = 0; i < 100_000; i++) deep = i % 2 ? { a: deep } : [deep];
    const accepted = accept({ type: 'job.started', [key]: deep }, context);
    readable('errors' in accepted ? accepted.errors : []);
  });

  it('holds against a million keys', () => {
    const wide = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, i]));
    for (const input of [wide, { type: 'job.started', data: wide }, { type: 'job.started', job: wide }]) {
      const accepted = accept(input, context);
      readable('errors' in accepted ? accepted.errors : []);
    }
  });
});

it('fromCloudEvent() never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), some({ specversion: fc.constant('1.0'), id: text, source: text, type: text, data: event })),
      (body) => {
        const read = fromCloudEvent(body);
        if ('errors' in read) readable(read.errors);
        else acceptsOrSays(read.envelope);
      },
    ),
  );
});
