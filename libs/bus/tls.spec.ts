import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, natsServerBinary } from '#servers';
import { certificate, type TestNats, testNats, until } from '#testing';
import { Bus } from './bus.js';

const dir = mkdtempSync(join(tmpdir(), 'farmbell-nats-tls-'));
const [server, client, stranger] = [certificate(), certificate('client'), certificate()];
let port: number;
let checking: number;
let plain: TestNats;
const running: ChildProcess[] = [];

beforeAll(async () => {
  for (const [name, text] of Object.entries({ cert: server.cert, key: server.key, ca: client.cert }))
    writeFileSync(join(dir, `${name}.pem`), text);
  [port, checking] = [await freePort(), await freePort()];
  const files = `cert_file: "${dir}/cert.pem", key_file: "${dir}/key.pem"`;
  await start('plain', port, `tls { ${files} }`);
  await start('checking', checking, `tls { ${files}, ca_file: "${dir}/ca.pem", verify: true }`);
  plain = await testNats();
});
afterAll(async () => {
  for (const child of running) {
    const gone = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGTERM');
    await gone;
  }
  await plain?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(name: string, on: number, tls: string): Promise<void> {
  const file = join(dir, `${name}.conf`);
  writeFileSync(
    file,
    `port: ${on}\n${tls}\njetstream { store_dir: "${dir}/${name}" }\nauthorization { user: me, password: s3cret }\n`,
  );
  running.push(spawn(await natsServerBinary(), ['-c', file, '-l', join(dir, `${name}.log`)], { stdio: 'ignore' }));
}
const logOf = (name: string) => readFileSync(join(dir, `${name}.log`), 'utf8');

type Tls = { ca?: string; cert?: string; key?: string };
const login = 'me:s3cret@127.0.0.1';

async function works(url: string, tls: Tls): Promise<void> {
  const bus = await Bus.connect({ url, name: 'spec', tls });
  expect((await bus.jsm.getAccountInfo()).streams).toBe(0);
  expect(bus.nc.info?.tls_required).toBe(true);
  await bus.close();
}

/** What is said while a connection does not come about. Whoever waits for it is left waiting: it tries for ever. */
async function saying(url: string, tls: Tls): Promise<string> {
  const said: string[] = [];
  let there = false;
  const stop = new AbortController();
  void Bus.connect({ url, name: 'spec', tls, signal: stop.signal, onError: (error) => said.push(String(error)) }).then(
    () => {
      there = true;
    },
    () => {},
  );
  await until('it is told twice', 10_000, () => said.length > 1);
  stop.abort();
  expect(there).toBe(false);
  return said[0]!;
}

it('is encrypted, and knows the server by FARMBELL_NATS_CA', async () => {
  await works(`tls://${login}:${port}`, { ca: server.cert });
  await works(`nats://${login}:${port}`, { ca: server.cert });
  await works(`tls://${login}:${checking}`, { ca: server.cert, cert: client.cert, key: client.key });
});

it('is not let in without the certificate that a server asks for', async () => {
  // the server ends the handshake; the client notices at its own time, and is left waiting here
  const stop = new AbortController();
  const coming = Bus.connect({ url: `tls://${login}:${checking}`, name: 'spec', tls: { ca: server.cert }, signal: stop.signal });
  coming.catch(() => {});
  await until('the server says why', 10_000, () => /client didn't provide a certificate/.test(logOf('checking')));
  expect(await Promise.race([coming, 'no connection'])).toBe('no connection');
  stop.abort();
});

it.each([
  ['a server that nobody vouches for', () => saying(`tls://${login}:${port}`, {}), /self-signed certificate/],
  ['another server', () => saying(`tls://${login}:${port}`, { ca: stranger.cert }), /self-signed certificate/],
  ['a server that speaks plainly', () => saying(`tls://${new URL(plain.url).host}`, {}), /server does not support 'tls'/],
])('does not speak to %s, and says why', async (_, said, why) => {
  const text = await said();
  expect(text).toMatch(why);
  expect(text).not.toContain('s3cret');
});
