import fc from 'fast-check';
import { expectUnpolluted, fuzz, goodEvent, hostileJson, hostileText, nearlyGood, nested, rareJson } from '#fuzzing';
import {
  accept,
  accountAndType,
  catalogue,
  channelCreateSchema,
  channelPatchSchema,
  channelTypes,
  defaultTexts,
  type Fault,
  faultsOf,
  fromCeHeaders,
  fromCloudEvent,
  limits,
  mostFaults,
  pathText,
  quoted,
  rowOf,
} from './index.js';

const context = { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'made' };
const parsed = (text: string): unknown => JSON.parse(text);

/** Faults as a publisher can use them: bounded, with words, and fit for every JSON store. */
function usable(errors: Fault[]): void {
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBeLessThanOrEqual(mostFaults + 1);
  for (const { path, message } of errors) {
    expect(message).toMatch(/\S{2}/);
    expect(message.length).toBeLessThan(600);
    expect(`${path}${message}`.isWellFormed() && !`${path}${message}`.includes('\0')).toBe(true);
  }
}

/** A fault's path leads to something that was sent, or to a key that is missing from something that was sent. */
function leads(input: unknown, { path, message }: Fault): boolean {
  if (path === '' || path === 'account') return true;
  let here: unknown = input;
  let rest = path;
  while (rest !== '') {
    if (here === null || typeof here !== 'object') return false;
    const key = Object.keys(here)
      .map((name) => ({ name, text: Array.isArray(here) ? `[${name}]` : quoted(name) }))
      .filter(({ text }) => rest === text || (rest.startsWith(text) && /^[.[]/.test(rest.slice(text.length))))
      .sort((a, b) => b.text.length - a.text.length)[0];
    if (key === undefined) return message === 'is required' || !/[.[]/.test(rest.slice(1));
    here = (here as Record<string, unknown>)[key.name];
    rest = rest.slice(key.text.length).replace(/^\./, '');
  }
  return true;
}

function judged(input: unknown, more: { type?: string } = {}): void {
  const accepted = accept(input, { ...context, ...more });
  expectUnpolluted();
  if ('errors' in accepted) {
    usable(accepted.errors);
    if (more.type === undefined && input !== null && typeof input === 'object' && !Array.isArray(input))
      for (const fault of accepted.errors) expect([fault, leads(input, fault)]).toEqual([fault, true]);
    return;
  }
  const stored = JSON.stringify(accepted.event);
  expect(Buffer.byteLength(stored)).toBeLessThan(limits.eventBytes + 40_000);
  expect(accept(JSON.parse(stored), context)).toMatchObject({ event: JSON.parse(stored) as object });
}

describe('accept()', () => {
  it('takes every good event, whole', () => {
    fc.assert(
      fc.property(goodEvent, (event) => {
        const sent = JSON.parse(JSON.stringify(event)) as Record<string, unknown>;
        expect(accept(sent, context)).toMatchObject({ event: { ...sent, time: expect.any(String) }, idGiven: true });
      }),
      fuzz(250),
    );
  });

  it('takes or explains what is nearly good', () => {
    fc.assert(
      fc.property(nearlyGood, (event) => judged(event)),
      fuzz(250),
    );
  });

  it('takes or explains any JSON, however it is written', () => {
    fc.assert(
      fc.property(hostileJson, (value) => judged(value)),
      fuzz(250),
    );
    fc.assert(
      fc.property(rareJson, (text) => judged(parsed(text))),
      fuzz(400),
    );
    fc.assert(
      fc.property(rareJson, (text) => judged(parsed(`{"type":"job.failed","data":{"a":${text}}}`))),
      fuzz(250),
    );
  });

  it('says nothing that a store refuses, whatever type the subject names', () => {
    fc.assert(
      fc.property(nearlyGood, hostileText, (event, type) => judged(event, { type })),
      fuzz(250),
    );
  });

  it('takes a number for what it is, or refuses it', () => {
    const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(odd, fc.constantFrom('data', 'job', 'order', 'material'), (number, key) => {
        const names = { data: 'x', job: 'progress', order: 'total', material: 'used_g' } as const;
        const accepted = accept({ type: 'job.failed', [key]: { [names[key]]: number } }, context);
        expect(accepted).toMatchObject({ errors: [{ path: `${key}.${names[key]}` }] });
      }),
      fuzz(30),
    );
  });

  it.each([
    ['a picture of 8 MiB', () => ({ snapshot: { content_type: 'image/png', base64: 'A'.repeat(8 << 20) } })],
    [
      'a picture of 8 MiB that ends badly',
      () => ({ snapshot: { content_type: 'image/png', base64: `${'A'.repeat(8 << 20)}!` } }),
    ],
    ['a time of 8 MiB', () => ({ time: '2026-03-01T12:00:00.'.padEnd(8 << 20, '0') })],
    ['an id of 8 MiB', () => ({ id: 'a'.repeat(8 << 20) })],
    ['a custom type of 8 MiB', () => ({ type: `custom${'.a'.repeat(4 << 20)}` })],
    ['a link of 8 MiB', () => ({ link: `https://${'a.'.repeat(4 << 20)}` })],
    ['8 MiB of tags', () => ({ printer: { tags: Array.from({ length: 2 << 20 }, () => '') } })],
    ['100,000 levels', () => ({ data: { a: parsed(nested(100_000)) }, title: parsed(nested(100_000)) })],
  ])('refuses %s in no more than a moment', (_, more) => {
    const input = { type: 'job.failed', ...more() };
    const began = performance.now();
    const accepted = accept(input, context);
    if ('errors' in accepted) usable(accepted.errors);
    // each takes some 100 ms at most; a pattern that backtracks takes for ever
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('what surrounds an event', () => {
  it('a CloudEvent is read, or its faults are said', () => {
    const cloud = fc.record({
      specversion: fc.constantFrom('1.0', '1.0', '0.3'),
      id: hostileText,
      source: hostileText,
      type: fc.oneof(fc.constantFrom('job.failed', 'custom.a'), hostileText),
      time: fc.oneof(fc.constant('2026-03-01T12:00:00Z'), hostileJson),
      data: fc.oneof(nearlyGood, hostileJson),
    });
    const given = fc.oneof(cloud, fc.record({ ...{ a: hostileJson } }), hostileJson);
    fc.assert(
      fc.property(given, (body) => {
        const read = fromCloudEvent(body);
        if ('errors' in read) usable(read.errors);
        else accept(read.envelope, context);
        expectUnpolluted();
      }),
      fuzz(250),
    );
  });

  it('ce- headers make one of whatever they hold', () => {
    const header = fc.oneof(hostileText, fc.constantFrom('%', '%zz', '%E0%A4', '%00'), fc.array(fc.string(), { maxLength: 2 }));
    const names = fc.constantFrom('ce-id', 'ce-type', 'ce-__proto__', 'ce-', 'ce-data', 'x', '__proto__');
    fc.assert(
      fc.property(fc.dictionary(names, header), hostileJson, (headers, data) => {
        fromCloudEvent(fromCeHeaders(headers, data));
        expectUnpolluted();
      }),
      fuzz(250),
    );
  });

  it('a channel is taken or explained', () => {
    const channel = fc.record(
      {
        name: hostileText,
        type: fc.oneof(fc.constantFrom(...channelTypes), hostileText),
        events: fc.array(fc.oneof(fc.constantFrom('job.*', 'custom.a', '*', 'job.', '.*'), hostileText), { maxLength: 4 }),
        min_severity: fc.oneof(fc.constant(null), hostileText),
        retry: hostileJson,
        expires_after_s: fc.oneof(fc.double(), fc.integer(), hostileJson),
        auto_disable: hostileJson,
        settings: hostileJson,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(channel, hostileJson), (given) => {
        for (const schema of [channelCreateSchema, channelPatchSchema]) {
          const taken = schema.safeParse(given, { reportInput: true });
          if (!taken.success) usable(faultsOf(taken.error));
        }
        expectUnpolluted();
      }),
      fuzz(250),
    );
  });

  it('subjects, paths and types are read without a fault of ours', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(hostileText, fc.constantFrom('*', '>', '', 'default')), { maxLength: 6 }), (tokens) => {
        const read = accountAndType(tokens.join('.'));
        if (read) expect(read.account).not.toContain('.');
        expect(pathText(tokens).isWellFormed()).toBe(true);
        rowOf(tokens.join('.'));
      }),
      fuzz(250),
    );
  });

  it('default texts keep their bounds', () => {
    const row = fc.constantFrom(...catalogue);
    fc.assert(
      fc.property(row, goodEvent, ({ type }, event) => {
        const { title, message } = defaultTexts(rowOf(type)!, event);
        expect([[...title].length <= limits.title, [...message].length <= limits.message]).toEqual([true, true]);
        expect(title.isWellFormed() && message.isWellFormed()).toBe(true);
      }),
      fuzz(250),
    );
  });
});
