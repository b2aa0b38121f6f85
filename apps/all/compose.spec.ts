import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { parse } from 'yaml';
import { services } from '#contracts';
import { settings } from '#runtime';
import { freePort, natsServerBinary } from '#servers';
import { until } from '#testing';
import { passwordVariable, userNames } from './nats-passwords.js';

interface Service {
  command: string;
  user: string;
  environment: Record<string, string>;
  healthcheck: { test: string[] };
  volumes?: string[];
  ports?: string[];
}

const root = new URL('../../../', import.meta.url).pathname;
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const printed = (command: string) =>
  execFileSync(process.execPath, [join(import.meta.dirname, command)], { encoding: 'utf8', input: '' });

const compose: Record<string, Service> = parse(text('docker-compose.yml'), { merge: true }).services;
const servers = ['nats', 'postgres', 'prometheus', 'grafana'];
/** Ports of Compose's own, and the image: all else that the file asks for is a setting or a secret. */
const ofCompose = ['FARMBELL_IMAGE', 'FARMBELL_PROMETHEUS_PORT', 'FARMBELL_GRAFANA_PORT'];
/** Each `${NAME…}` of a text: its name, and whether Compose refuses to go on without it. */
const asked = (value: string) =>
  [...value.matchAll(/\$\{(\w+)(:[-?])[^}]*\}/g)].map(([, name, how]) => ({ name: name!, required: how === ':?' }));
const portOf = (name: string) => (name === 'gateway' ? 8080 : 9464);

it('has every service of apps/, and the servers that they need', () => {
  const apps = readdirSync(join(root, 'apps')).filter((name) => name !== 'all');
  expect(Object.keys(compose).sort()).toEqual([...apps, ...servers].sort());
  expect([...services].sort()).toEqual(apps.sort());
});

it.each(services)('%s runs alone, unprivileged, on a file system that it cannot write to', (name) => {
  expect(compose[name]).toMatchObject({
    command: `dist/apps/${name}/main.js`,
    build: '.',
    user: '10001:10001',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    restart: 'unless-stopped',
    depends_on: { nats: { condition: 'service_healthy' }, postgres: { condition: 'service_healthy' } },
  });
  expect(existsSync(join(root, compose[name]!.command))).toBe(true);
  expect(compose[name]!.healthcheck.test.at(-1)).toContain(`http://127.0.0.1:${portOf(name)}/readyz`);
  expect(compose[name]!.volumes).toBeUndefined();
});

it.each(services)('%s is told settings that exist, and no secret of another', (name) => {
  const { environment } = compose[name]!;
  expect(Object.keys(environment).filter((one) => !Object.hasOwn(settings, one))).toEqual([]);
  expect(environment.NATS_URL).toMatch(new RegExp(`^nats://${name}:\\$\\{${passwordVariable(name)}:\\?[^}]+\\}@nats:4222$`));
  const passwords = Object.values(environment).flatMap(asked);
  expect(passwords.filter((one) => one.name.includes('_NATS_PASSWORD_')).map((one) => one.name)).toEqual([
    passwordVariable(name),
  ]);
  expect('FARMBELL_ADMIN_TOKEN' in environment).toBe(name === 'gateway');
  for (const secret of ['FARMBELL_ADMIN_TOKEN', 'FARMBELL_SECRET_KEYS'])
    if (secret in environment) expect(environment[secret]).toMatch(new RegExp(`^\\$\\{${secret}:\\?[^}]+\\}$`));
});

it('holds no secret, and asks for none that the command does not make', () => {
  const made = printed('new-secrets.js').match(/^\w+/gm)!;
  const wanted = asked(text('docker-compose.yml'));
  expect([...new Set(wanted.filter((one) => one.required).map((one) => one.name))].sort()).toEqual([...made].sort());
  const optional = wanted.filter((one) => !one.required).map((one) => one.name);
  expect(optional.filter((one) => !Object.hasOwn(settings, one) && !ofCompose.includes(one))).toEqual([]);
  for (const { environment = {} } of Object.values(compose)) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|TOKEN|KEYS|_URL$/.test(name) && name !== 'FARMBELL_PUBLIC_URL')
        expect(value).toMatch(/^([a-z]+:\/\/[a-z-]+:)?\$\{\w+:\?[^}]+\}(@[a-z]+:\d+(\/farmbell)?)?$/);
    }
  }
  for (const file of ['.gitignore', '.dockerignore']) expect(text(file)).toMatch(/^(\*\*\/)?\.env/m);
});

it('opens ports on this machine alone, unless it is told otherwise', () => {
  const published = Object.values(compose).flatMap((one) => one.ports ?? []);
  expect(published.length).toBeGreaterThan(3);
  for (const port of published) expect(port).toMatch(/^(\$\{FARMBELL_(NATS_)?HOST:-127\.0\.0\.1\}|127\.0\.0\.1):/);
});

it('mounts files that are there', () => {
  const mounts = Object.values(compose).flatMap((one) => one.volumes ?? []);
  const folders = mounts.filter((one) => one.startsWith('.')).map((one) => one.split(':'));
  expect(folders.length).toBeGreaterThan(3);
  for (const [from, , mode] of folders) {
    expect([from, existsSync(join(root, from!))]).toEqual([from, true]);
    expect(mode).toBe('ro');
  }
  expect(existsSync(join(root, 'k8s/monitoring/prometheus-rules.yml'))).toBe(true);
  expect(readdirSync(join(root, 'k8s/monitoring/dashboards')).filter((one) => one.endsWith('.json'))).not.toEqual([]);
});

it('has Prometheus read every service, and Grafana read Prometheus', () => {
  const { scrape_configs, rule_files } = parse(text('docker/prometheus/prometheus.yml'));
  const found: { names: string[]; port: number }[] = scrape_configs.flatMap((one: object) =>
    'dns_sd_configs' in one ? one.dns_sd_configs : [],
  );
  const scraped = found.flatMap(({ names, port }) => names.map((name) => [name, port]));
  expect(scraped.sort()).toEqual([...services].map((name) => [name, portOf(name)]).sort());
  const monitoring = compose.prometheus!.volumes!.find((one) => one.startsWith('./k8s/monitoring:'))!.split(':')[1];
  expect(rule_files).toEqual([`${monitoring}/prometheus-rules.yml`]);
  const [source] = parse(text('docker/grafana/datasources/prometheus.yml')).datasources;
  expect(source).toMatchObject({ uid: 'prometheus', url: 'http://prometheus:9090' });
  const [provider] = parse(text('docker/grafana/dashboards/farmbell.yml')).providers;
  expect(compose.grafana!.volumes).toContain(`./k8s/monitoring/dashboards:${provider.options.path}:ro`);
});

it('has the NATS users that the services’ rights ask for', () => {
  // in words, not the whole text: what to do stands in the failure
  const told = text('docker/nats/users.conf') === printed('nats-users.js');
  expect(told ? '' : 'run: node dist/apps/all/nats-users.js > docker/nats/users.conf').toBe('');
});

it('configures a NATS that takes a picture, writes to disk every second, and learns of new users by a signal', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'farmbell-compose-'));
  const [port, monitor] = [await freePort(), await freePort()];
  const places = [
    ['"0.0.0.0:4222"', `"127.0.0.1:${port}"`],
    ['"127.0.0.1:8222"', `"127.0.0.1:${monitor}"`],
    ['"/data"', JSON.stringify(join(dir, 'store'))],
  ] as const;
  const conf = text('docker/nats/nats-server.conf');
  for (const [there] of places) expect(conf.split(there)).toHaveLength(2);
  writeFileSync(
    join(dir, 'nats-server.conf'),
    places.reduce((before, [there, here]) => before.replace(there, here), conf),
  );
  // as before an upgrade that brings a service
  writeFileSync(join(dir, 'users.conf'), text('docker/nats/users.conf').replace('"webhook"', '"old"'));
  const password = (user: string) => `p${passwordVariable(user).toLowerCase().replaceAll('_', '')}`;
  const loginOf = (user: string) => ({ servers: [`127.0.0.1:${port}`], user, pass: password(user), reconnect: false });
  expect(Object.keys(compose.nats!.environment).sort()).toEqual(userNames.map(passwordVariable).sort());
  const env = Object.fromEntries(userNames.map((user) => [passwordVariable(user), password(user)]));
  const server = spawn(await natsServerBinary(), ['--config', join(dir, 'nats-server.conf')], { env, stdio: 'ignore' });
  try {
    await until('the health check', 10_000, async () => (await fetch(`http://127.0.0.1:${monitor}/healthz`)).ok);
    await expect(connect(loginOf('webhook'))).rejects.toThrow(/authorization/i);
    writeFileSync(join(dir, 'users.conf'), text('docker/nats/users.conf'));
    server.kill('SIGHUP');
    await until('the new users', 10_000, async () => (await connect(loginOf('webhook'))).close().then(() => true));
    for (const user of userNames) {
      const connected = await connect(loginOf(user));
      expect(connected.info?.max_payload).toBe(4 * 1024 * 1024);
      await connected.close();
      await expect(connect({ ...loginOf(user), pass: 'wrong' })).rejects.toThrow(/authorization/i);
    }
    const { config } = (await (await fetch(`http://127.0.0.1:${monitor}/jsz`)).json()) as { config: object };
    expect(config).toMatchObject({ sync_interval: 1e9, max_storage: 2 ** 40 });
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
    rmSync(dir, { recursive: true, force: true });
  }
});
