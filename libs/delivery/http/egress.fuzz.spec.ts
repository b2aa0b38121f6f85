import fc from 'fast-check';
import { fuzz, hostileText } from '#fuzzing';
import { checkUrl, egressPolicy, parseCidrs } from './egress.js';
import { client, closedPolicy, failure, openPolicy, web } from './receivers.js';

type Quad = [number, number, number, number];
const byte = fc.nat(255);
const inside = fc.oneof(
  fc.tuple(fc.constant(10), byte, byte, byte),
  fc.tuple(fc.constant(127), byte, byte, byte),
  fc.tuple(fc.constant(0), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.constantFrom<Quad>([169, 254, 169, 254], [168, 63, 129, 16], [192, 0, 0, 192], [255, 255, 255, 255]),
) as fc.Arbitrary<Quad>;

const hex = (a: number, b: number) => ((a << 8) | b).toString(16);
const flipped = (n: number) => n ^ 255;
/** An IPv4 address inside IPv6 ones: mapped, compatible, translated (RFC 2765), 6to4, NAT64, Teredo, ISATAP. */
const embedded: ((q: Quad) => string)[] = [
  (q) => `::ffff:${q.join('.')}`,
  ([a, b, c, d]) => `::ffff:${hex(a, b)}:${hex(c, d)}`,
  ([a, b, c, d]) => `0:0:0:0:0:FFFF:${hex(a, b)}:${hex(c, d)}`,
  (q) => `::${q.join('.')}`,
  (q) => `::ffff:0:${q.join('.')}`,
  ([a, b, c, d]) => `2002:${hex(a, b)}:${hex(c, d)}::1`,
  (q) => `64:ff9b::${q.join('.')}`,
  (q) => `64:ff9b:1::${q.join('.')}`,
  ([a, b, c, d]) => `2001:0:4136:e378:8000:63bf:${hex(flipped(a), flipped(b))}:${hex(flipped(c), flipped(d))}`,
  ([a, b, c, d]) => `fe80::5efe:${hex(a, b)}:${hex(c, d)}`,
  (q) => `::ffff:${q.join('.')}%eth0`,
];
const number = ([a, b, c, d]: Quad) => a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
/** An IPv4 address as URLs may write it. */
const written: ((q: Quad) => string)[] = [
  (q) => q.join('.'),
  (q) => `${q.join('.')}.`,
  (q) => String(number(q)),
  (q) => `0x${number(q).toString(16)}`,
  (q) => `0${number(q).toString(8)}`,
  (q) => q.map((one) => `0x${one.toString(16).padStart(4, '0')}`).join('.'),
  (q) => q.map((one) => `0${one.toString(8)}`).join('.'),
  ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  ([a, b, c, d]) => `${a}.${b * 65_536 + c * 256 + d}`,
  (q) => [...q.join('.')].map((one) => (one === '.' ? '。' : String.fromCharCode(one.charCodeAt(0) + 0xfee0))).join(''),
  (q) => [...q.join('.')].map((one) => `%${one.charCodeAt(0).toString(16)}`).join(''),
  (q) => `${q.join('.')}\t\n`,
  ...embedded.slice(0, -1).map((form) => (q: Quad) => `[${form(q)}]`),
];
const check = (text: string) => checkUrl(text, { allowHttp: true, policy: closedPolicy });

it('no address that is not public is let through, inside whatever it stands', () => {
  fc.assert(
    fc.property(inside, fc.constantFrom(String, ...embedded), (quad, form) => {
      const address = form === String ? quad.join('.') : form(quad);
      expect([address, closedPolicy.verdict(address, 443)]).toEqual([address, expect.stringMatching(/FARMBELL_EGRESS_ALLOW=/)]);
    }),
    fuzz(300),
  );
});

it('nor by a URL, however it writes the address', async () => {
  const http = client({ policy: closedPolicy });
  const urls = fc.tuple(
    fc.constantFrom('http', 'https', 'HTTP'),
    fc.constantFrom('', 'user@', 'public.example@', 'a:b@'),
    fc.constantFrom('', ':80', ':8222'),
    fc.constantFrom('/', '?x', '\\@public.example', '#@public.example/'),
  );
  await fc.assert(
    fc.asyncProperty(inside, fc.constantFrom(...written), urls, async (quad, form, [scheme, user, port, rest]) => {
      const url = `${scheme}://${user}${form(quad)}${port}${rest}`;
      expect([url, check(url)]).toEqual([url, expect.any(String)]);
      expect([url, (await failure(http.request({ url, timeoutMs: 5000 }))).reason]).toEqual([url, 'blocked']);
    }),
    fuzz(100),
  );
}, 600_000);

it('nor by a name that is answered with one', async () => {
  const address = fc.oneof(
    fc.tuple(inside, fc.constantFrom(...embedded)).map(([quad, form]) => form(quad)),
    hostileText,
  );
  const answers = fc
    .array(fc.oneof(fc.constant('93.184.216.34'), address), { minLength: 1, maxLength: 5 })
    .filter((all) => all.some((one) => one !== '93.184.216.34'));
  await fc.assert(
    fc.asyncProperty(answers, fc.constantFrom(4, 6, 0), async (all, family) => {
      const http = client({ policy: closedPolicy, resolve: async () => all.map((one) => ({ address: one, family })) });
      expect((await failure(http.request({ url: 'http://rebind.example/', timeoutMs: 5000 }))).reason).toBe('blocked');
      await http.close();
    }),
    fuzz(100),
  );
}, 600_000);

it('any text is a URL or has a fault', () => {
  const text = fc.oneof(
    hostileText,
    hostileText.map((host) => `http://${host}/`),
    fc.webUrl(),
    hostileText.map((any) => `https://example.org/${any}`),
  );
  fc.assert(
    fc.property(text, (any) => {
      const fault = check(any);
      if (fault === undefined) expect(new URL(any).username).toBe('');
      else expect(fault).toMatch(/\S{2}/);
    }),
    fuzz(300),
  );
});

it('any text is a list of CIDRs or is refused without being repeated', () => {
  const part = fc.oneof(
    hostileText,
    fc.constantFrom('10.0.0.0/8', '::/0', '10.0.0.0/33', '1.2.3.4', 'fd00::/x', '/8', 's3cret-value'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      try {
        expect(egressPolicy({ allow: parseCidrs(parts.join(',')), forbidden: [], trusted: [] })).toBeDefined();
      } catch (error) {
        expect((error as Error).message).toMatch(/^FARMBELL_EGRESS_ALLOW: entry \d+ of \d+ is not a CIDR; /);
        expect((error as Error).message).not.toContain('s3cret');
      }
    }),
    fuzz(300),
  );
});

describe("Farmbell's own servers, known by name, are not reached", () => {
  const own = ['127.0.0.1', '192.168.7.7'];
  it.each([
    ['by the mapped form of their address', '[::ffff:127.0.0.1]', '127.0.0.1'],
    ['by the same in hexadecimal', '[::ffff:7f00:1]', '127.0.0.1'],
    ['when the name is answered in the mapped form', '127.0.0.1', '::ffff:127.0.0.1'],
    ['by another address of this machine', '127.0.0.9', '192.168.7.7'],
    ['by loopback when the name leads to the outer address', '127.0.0.1', '192.168.7.7'],
  ])('%s', async (_, host, answered) => {
    const { port } = new URL(await web((_request, response) => response.end('reached')));
    const policy = egressPolicy({
      allow: ['127.0.0.0/8', '192.168.0.0/16'],
      forbidden: [{ host: 'db.internal', port: Number(port) }],
      trusted: [],
      own: () => own,
    });
    const http = client({ policy, resolve: async () => [{ address: answered, family: answered.includes(':') ? 6 : 4 }] });
    expect((await failure(http.request({ url: `http://${host}:${port}/`, timeoutMs: 5000 }))).reason).toBe('blocked');
  });

  it('nor is their name told when it cannot be resolved', async () => {
    const url = new URL(await web((_, response) => response.end()));
    const policy = egressPolicy({
      allow: ['127.0.0.0/8'],
      forbidden: [{ host: 'db.internal', port: Number(url.port) }],
      trusted: [],
    });
    const http = client({ policy, resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })) });
    const ended = await failure(http.request({ url: url.href, timeoutMs: 5000 }));
    expect(ended.message).not.toContain('db.internal');
    expect((await client({ policy: openPolicy }).request({ url: url.href, timeoutMs: 5000 })).status).toBe(200);
  });
});
