import fc from 'fast-check';
import { makeLog, readConfig } from './index.js';
import { beginHop, isExporting, newTrace, startTracing, stopTracing, traceIdOf, traceOf, tracesUrl } from './tracing.js';

const digit = fc.constantFrom(...'0123456789abcdef');
const hex = (length: number) => fc.array(digit, { minLength: length, maxLength: length }).map((digits) => digits.join(''));
const used = (length: number) => hex(length).filter((text) => !/^0+$/.test(text));
const parts = fc.record({ trace: used(32), parent: used(16), flags: hex(2) });

describe('a traceparent from outside', () => {
  it('is handed on unchanged', () =>
    fc.assert(
      fc.property(parts, ({ trace, parent, flags }) => {
        const given = `00-${trace}-${parent}-${flags}`;
        expect(traceOf(given)).toBe(given);
        expect(traceIdOf(given)).toBe(trace);
      }),
    ));

  it('of a version yet to come counts for what is known of it: ids, and whether it is recorded', () =>
    fc.assert(
      fc.property(parts, hex(2), fc.constantFrom('', '-', '-what may come'), ({ trace, parent, flags }, version, more) => {
        fc.pre(version !== '00' && version !== 'ff');
        const recorded = Number.parseInt(flags, 16) % 2 === 1 ? '01' : '00';
        expect(traceOf(`${version}-${trace}-${parent}-${flags}${more}`)).toBe(`00-${trace}-${parent}-${recorded}`);
      }),
    ));

  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['empty', ''],
    ['several', [good, good]],
    ['two in one', `${good}, ${good}`],
    ['version ff', good.replace('00-', 'ff-')],
    ['version 00 with more', `${good}-more`],
    ['more without a dash', good.replace('00-', '01-').concat('more')],
    ['capital letters', good.toUpperCase()],
    ['no trace', good.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32))],
    ['no parent', good.replace('00f067aa0ba902b7', '0'.repeat(16))],
    ['a line more', `${good}\n`],
    ['a space before', ` ${good}`],
    ['too short', good.slice(1)],
    ['endless', `01${good.slice(2)}-${'x'.repeat(1000)}`],
  ])('that is none counts as not sent: %s', (_, given) => expect(traceOf(given)).toBeUndefined());

  it('never becomes anything but 55 characters that it named itself', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => good + text),
          fc.anything(),
        ),
        (given) => {
          const trace = traceOf(given);
          if (trace === undefined) return;
          expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
          expect(given).toContain(trace.slice(3, 52));
        },
      ),
    ));
});

it('a trace that begins here is a right one, recorded by nobody, and no other is like it', () => {
  const many = Array.from({ length: 1000 }, newTrace);
  expect(many.filter((one) => traceOf(one) !== one || !one.endsWith('-00'))).toEqual([]);
  expect(new Set(many.map(traceIdOf)).size).toBe(many.length);
  expect(new Set(many.map((one) => one.slice(36, 52))).size).toBe(many.length);
});

describe('where spans go', () => {
  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp/' }, 'https://collector/otlp/v1/traces'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://one:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://two:4318/in' },
      'http://two:4318/in',
    ],
  ])('%j', (env, url) => expect(tracesUrl(readConfig(env))).toBe(url));

  it('is checked at the start, and the fault names the variable and not its value', () => {
    const read = () => readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector-s3cret:4318' });
    expect(read).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as/);
    expect(read).not.toThrow(/s3cret/);
  });
});

describe('steps of a trace', () => {
  afterEach(stopTracing);
  const lines: string[] = [];
  const log = makeLog({ name: 'spec', level: 'warn', to: { write: (line) => void lines.push(line) } });

  it('are none while nobody takes them', async () => {
    await startTracing('spec', readConfig({}), log);
    expect(isExporting()).toBe(false);
    expect(beginHop('spec', 'a step', 'internal', newTrace())).toBeUndefined();
  });

  it('stay in the trace that they are given, each with an id of its own; without one, one begins', async () => {
    await startTracing('spec', readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }), log);
    const given = newTrace();
    const [first, second, root] = [given, given, undefined].map((parent) => beginHop('spec', 'a step', 'server', parent)!);
    expect([first!, second!].map(({ trace }) => traceIdOf(trace))).toEqual([traceIdOf(given), traceIdOf(given)]);
    expect(new Set([given, first!.trace, second!.trace].map((one) => one.slice(36, 52))).size).toBe(3);
    // as its publisher said: recorded by nobody
    expect(first!.trace.endsWith('-00')).toBe(true);
    expect(root!.trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traceIdOf(root!.trace)).not.toBe(traceIdOf(given));
  });

  it('are sent in one way, and the log says so to who wants another', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    await startTracing('spec', readConfig(env), log);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([expect.stringContaining('by http/protobuf')]);
  });
});
