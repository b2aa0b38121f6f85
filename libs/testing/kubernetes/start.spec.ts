import { fileURLToPath } from 'node:url';
import { services } from '#contracts';
import { newKey } from '#runtime';
import { freePort } from '#servers';
import { testDatabase } from '../databases.js';
import { testNats } from '../nats.js';
import { endServices, serviceProcess } from '../service-process.js';
import { kustomize } from './kustomize.js';
import { containersOf, named } from './objects.js';
import { environmentOf, passwordOf } from './services.js';

afterEach(endServices);

it('starts every service with what its Deployment gives it, and nothing else', async () => {
  const objects = kustomize(fileURLToPath(new URL('../../../../k8s/base', import.meta.url)));
  const [nats, database, grpc] = await Promise.all([testNats(), testDatabase(), freePort()]);
  const secrets: Record<string, string> = {
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: 'a-token-of-the-test-0123456789',
    ...Object.fromEntries(services.map((service) => [passwordOf(service), new URL(nats.urlOf(service)).password])),
  };
  try {
    const started = await Promise.all(
      services.map((service) => {
        const [container] = containersOf(named(objects, 'Deployment', service));
        const env = environmentOf(objects, container, (key) => secrets[key]!);
        expect(env.NATS_URL).toMatch(/@nats:4222$/);
        // the cluster's name for it, and a port that others hold here
        env.NATS_URL = env.NATS_URL!.replace('@nats:4222', `@127.0.0.1:${nats.port}`);
        return serviceProcess(service, { ...env, ...(service === 'printer-ingest' && { FARMBELL_GRPC_PORT: String(grpc) }) });
      }),
    );
    for (const { port } of started) {
      const answers = await Promise.all(
        ['healthz', 'readyz', 'metrics'].map((path) => fetch(`http://127.0.0.1:${port}/${path}`)),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    }
    await Promise.all(started.map((service) => service.end('SIGTERM')));
    expect(started.map((service) => service.output()).join('')).not.toContain('the server refuses');
  } finally {
    endServices();
    await nats.stop();
    await database.drop();
  }
}, 180_000);
