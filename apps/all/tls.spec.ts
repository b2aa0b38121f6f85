import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChannelCredentials, loadPackageDefinition, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Agent, request } from 'undici';
import { protoPath } from '#contracts';
import { Database } from '#runtime';
import { freePort } from '#servers';
import { certificate, testDatabase } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const dir = mkdtempSync(join(tmpdir(), 'farmbell-https-'));
const [own, stranger] = [certificate(), certificate()];
let farm: Awaited<ReturnType<typeof testFarm>>;
let grpcPort: number;

beforeAll(async () => {
  const [FARMBELL_TLS_CERT, FARMBELL_TLS_KEY] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  writeFileSync(FARMBELL_TLS_CERT, own.cert);
  writeFileSync(FARMBELL_TLS_KEY, own.key);
  grpcPort = await freePort();
  farm = await testFarm(modules, { FARMBELL_TLS_CERT, FARMBELL_TLS_KEY }, grpcPort);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function publishRest(id: string, ca: string, scheme = 'https') {
  const agent = new Agent({ connect: { ca } });
  try {
    const { statusCode, body } = await request(`${(await farm.url()).replace(/^https?/, scheme)}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${farm.env.FARMBELL_ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, type: 'job.started' }),
      dispatcher: agent,
    });
    return [statusCode, await body.json()];
  } finally {
    await agent.close();
  }
}

async function publishGrpc(id: string, credentials: ChannelCredentials): Promise<{ id: string }> {
  // biome-ignore lint/suspicious/noExplicitAny: a client made at run time
  const proto = loadPackageDefinition(loadSync(protoPath, { keepCase: true, defaults: true })) as any;
  const client = new proto.farmbell.v1.EventPublisher(`127.0.0.1:${grpcPort}`, credentials);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${farm.env.FARMBELL_ADMIN_TOKEN}`);
  try {
    return await new Promise((done, fail) =>
      client.Publish(
        { event: { id, type: 'job.started' } },
        metadata,
        { deadline: Date.now() + 5000 },
        (error: ServiceError, reply: never) => (error ? fail(error) : done(reply)),
      ),
    );
  } finally {
    client.close();
  }
}

it('takes events over https and over gRPC with TLS', async () => {
  expect(await farm.url()).toMatch(/^https:/);
  expect(await publishRest('rest', own.cert)).toEqual([202, { id: 'rest', duplicate: false }]);
  expect(await publishGrpc('grpc', ChannelCredentials.createSsl(Buffer.from(own.cert)))).toMatchObject({ id: 'grpc' });
});

it('does not speak plainly, and is known by its certificate', async () => {
  await expect(publishRest('plain', own.cert, 'http')).rejects.toThrow();
  await expect(publishRest('stranger', stranger.cert)).rejects.toThrow(/self-signed certificate/);
  const unavailable = { code: status.UNAVAILABLE };
  await expect(publishGrpc('plain', ChannelCredentials.createInsecure())).rejects.toMatchObject(unavailable);
  await expect(publishGrpc('stranger', ChannelCredentials.createSsl(Buffer.from(stranger.cert)))).rejects.toMatchObject(
    unavailable,
  );
});

it('says of a PostgreSQL that should be encrypted and is not that it is not', async () => {
  const { url, drop } = await testDatabase();
  const open = (sslmode: string) => Database.open({ url: `${url}?sslmode=${sslmode}`, schema: 'spec', migrations: [] });
  for (const sslmode of ['require', 'verify-full']) await expect(open(sslmode)).rejects.toThrow(/does not support SSL/);
  const plain = await open('disable');
  expect(await plain.alive()).toBe(true);
  await plain.destroy();
  await drop();
});
