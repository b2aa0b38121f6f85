import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { channelTypes, natsUsers, services } from '#contracts';
import { differences, kustomize } from './kustomize.js';
import { containersOf, type Kube, named, objectsOf, ofKind, podOf } from './objects.js';
import { faultsIn, type Overlay } from './overlays.js';
import { passwordOf } from './services.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'farmbell-k8s-'));
const folders: Record<string, [Overlay, string]> = {
  base: ['base', 'k8s/base'],
  dev: ['dev', 'k8s/overlays/dev'],
  production: ['production', 'k8s/overlays/production'],
  'production with every component': ['production', 'k8s/overlays/whole'],
};
const texts = new Map<string, string>();
/** Rendered once; each test has objects of its own to spoil. */
function rendered(name: string): Kube[] {
  const text = texts.get(name) ?? JSON.stringify(kustomize(join(dir, folders[name]![1])));
  texts.set(name, text);
  return JSON.parse(text);
}
const faults = (name: string, objects = rendered(name)) => faultsIn(folders[name]![0], objects);

beforeAll(() => {
  for (const part of ['k8s', 'docker/nats']) cpSync(join(root, part), join(dir, part), { recursive: true });
  // as docs/kubernetes.md says
  const secrets = execFileSync(process.execPath, [join(root, 'dist/apps/all/new-secrets.js')], { input: '', encoding: 'utf8' });
  writeFileSync(join(dir, 'k8s/overlays/dev/secrets.env'), secrets);
  const whole = join(dir, 'k8s/overlays/whole');
  cpSync(join(dir, 'k8s/overlays/production'), whole, { recursive: true });
  const file = join(whole, 'kustomization.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('# - ../../components/', '- ../../components/'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('has the services that apps/ has', () => {
  const folders = readdirSync(join(root, 'apps')).filter((name) => name !== 'all');
  expect(folders.sort()).toEqual([...services].sort());
});

it.each(Object.keys(folders))('has no fault in %s', (name) => {
  const objects = rendered(name);
  expect(ofKind(objects, 'Deployment')).toHaveLength(services.length);
  expect(faults(name, objects)).toEqual([]);
});

it('scales delivery services by what is due alone, where KEDA is', () => {
  const objects = rendered('production with every component');
  const by = (kind: string) => ofKind(objects, kind).map(({ spec }) => spec.scaleTargetRef.name);
  expect(by('ScaledObject').sort()).toEqual([...channelTypes].sort());
  expect(by('HorizontalPodAutoscaler').sort()).toEqual(['gateway', 'printer-ingest']);
});

it('keeps the secrets of dev out of git', () =>
  expect(readFileSync(join(root, 'k8s/overlays/dev/.gitignore'), 'utf8').split('\n')).toContain('secrets.env'));

it.each(['the NATS of dev', 'the NATS of production'])('%s has the password of every user, each from the Secret', (which) => {
  const users = ['operator', ...Object.keys(natsUsers)].map(passwordOf).sort();
  const [values] = objectsOf(readFileSync(join(root, 'k8s/overlays/production/nats-values.yaml'), 'utf8'));
  const env: [string, Kube][] = which.endsWith('dev')
    ? containersOf(named(rendered('dev'), 'StatefulSet', 'nats'))[0].env.map((one: Kube) => [one.name, one.valueFrom])
    : Object.entries<Kube>(values.container.env).flatMap(([name, one]) => (one.valueFrom ? [[name, one.valueFrom]] : []));
  expect(env.map(([name]) => name).sort()).toEqual(users);
  for (const [name, { secretKeyRef }] of env) expect(secretKeyRef).toEqual({ name: 'farmbell', key: name });
});

it('runs the servers of docker-compose.yml in dev', () => {
  const [compose] = objectsOf(readFileSync(join(root, 'docker-compose.yml'), 'utf8'));
  const image = (name: string) => containersOf(named(rendered('dev'), 'StatefulSet', name))[0].image;
  for (const name of ['nats', 'postgres']) expect(image(name)).toBe(compose.services[name].image);
});

it('hands on every dashboard and every alert of k8s/monitoring', () => {
  const at = join(root, 'k8s/monitoring');
  const dashboards = readdirSync(join(at, 'dashboards')).filter((name) => name.endsWith('.json'));
  expect(dashboards.length).toBeGreaterThan(0);
  const [rules] = objectsOf(readFileSync(join(at, 'prometheus-rules.yml'), 'utf8'));
  for (const name of ['dev', 'production']) {
    const objects = rendered(name);
    expect(Object.keys(named(objects, 'ConfigMap', 'farmbell-dashboards').data).sort()).toEqual(dashboards.sort());
    expect(objectsOf(named(objects, 'ConfigMap', 'farmbell-prometheus-rules').data['prometheus-rules.yml'])).toEqual([rules]);
  }
  // what the operator wants is an object of its own: its file is made anew with `node k8s/components/prometheus-operator/rules.mjs`
  expect(named(rendered('production with every component'), 'PrometheusRule', 'farmbell').spec).toEqual(rules);
});

const deployment = (objects: Kube[], name: string) => named(objects, 'Deployment', name);
const container = (objects: Kube[], name: string) => containersOf(deployment(objects, name))[0];
const variable = (objects: Kube[], service: string, name: string) =>
  container(objects, service).env.find((one: Kube) => one.name === name);
const policy = (objects: Kube[], name: string) => named(objects, 'NetworkPolicy', name).spec;

describe('a fault is told', () => {
  it.each<[string, string, (objects: Kube[]) => unknown, RegExp]>([
    ['a service without workload', 'dev', (o) => o.splice(o.indexOf(deployment(o, 'slack')), 1), /no Deployment slack/],
    ['a workload without service', 'dev', (o) => (deployment(o, 'slack').metadata.name = 'teams'), /no such service/],
    [
      'another main',
      'dev',
      (o) => Object.assign(container(o, 'slack'), { args: ['dist/apps/discord/main.js'] }),
      /does not run dist\/apps\/slack/,
    ],
    ['a port', 'dev', (o) => (container(o, 'rules').ports[0].containerPort = 9465), /it listens at {"http":9464}/],
    ['a gRPC port', 'dev', (o) => container(o, 'printer-ingest').ports.pop(), /"grpc":50051/],
    ['a probe', 'dev', (o) => (container(o, 'health').readinessProbe.httpGet.path = '/'), /does not ask \/readyz/],
    [
      'an unknown setting',
      'dev',
      (o) => container(o, 'rules').env.push({ name: 'FARMBELL_COLOR', value: 'red' }),
      /is no setting/,
    ],
    [
      'a secret too many',
      'dev',
      (o) => container(o, 'slack').env.push(variable(o, 'gateway', 'FARMBELL_ADMIN_TOKEN')),
      /slack: has NATS_URL.*TOKEN/,
    ],
    ['a secret too few', 'dev', (o) => container(o, 'rules').env.pop(), /what it needs is .*FARMBELL_SECRET_KEYS/],
    [
      'a secret in the file',
      'production',
      (o) => Object.assign(variable(o, 'rules', 'DATABASE_URL'), { value: 'postgres://a:b@c/d', valueFrom: undefined }),
      /stands there as it is/,
    ],
    ['a variable that stands too late', 'dev', (o) => container(o, 'rules').env.reverse(), /does not stand before it/],
    ['another’s user', 'dev', (o) => (variable(o, 'rules', 'NATS_USER').value = 'health'), /as its own user/],
    [
      'a Secret that is not there',
      'dev',
      (o) => Object.assign(variable(o, 'rules', 'NATS_PASSWORD').valueFrom.secretKeyRef, { name: 'lost' }),
      /Secret lost/,
    ],
    [
      'a key that is not there',
      'dev',
      (o) => Object.assign(variable(o, 'rules', 'FARMBELL_SECRET_KEYS').valueFrom.secretKeyRef, { key: 'LOST' }),
      /no such key/,
    ],
    ['root', 'dev', (o) => delete podOf(deployment(o, 'rules')).securityContext.runAsNonRoot, /runs as root/],
    ['capabilities', 'dev', (o) => delete container(o, 'rules').securityContext.capabilities, /drop ALL/],
    ['a writable root', 'dev', (o) => delete container(o, 'rules').securityContext.readOnlyRootFilesystem, /may write/],
    ['no seccomp', 'dev', (o) => delete podOf(named(o, 'Job', 'migrate')).securityContext.seccompProfile, /Job migrate.*seccomp/],
    [
      'a folder of the node',
      'dev',
      (o) => podOf(deployment(o, 'rules')).volumes.push({ name: 'a', hostPath: { path: '/' } }),
      /not allowed/,
    ],
    ['no limit of memory', 'dev', (o) => delete container(o, 'rules').resources.limits, /no limit of memory/],
    [
      'a gap in an update',
      'dev',
      (o) => Object.assign(deployment(o, 'rules').spec.strategy.rollingUpdate, { maxUnavailable: 1 }),
      /before the next/,
    ],
    [
      'no default',
      'dev',
      (o) => o.splice(o.indexOf(named(o, 'NetworkPolicy', 'default-deny')), 1),
      /let LAN -> migrate:.*5432.*, which the picture has not/,
    ],
    [
      'the LAN',
      'dev',
      (o) => policy(o, 'deliveries-to-internet').egress[0].to[0].ipBlock.except.splice(6, 1),
      /let discord -> LAN:.*443/,
    ],
    [
      'the internet for rules',
      'dev',
      (o) => Object.assign(policy(o, 'deliveries-to-internet'), { podSelector: {} }),
      /let rules -> internet:.*443/,
    ],
    [
      'a lost arrow',
      'dev',
      (o) => policy(o, 'services-to-nats').podSelector.matchExpressions[0].values.pop(),
      /refuse discord -> nats:4222/,
    ],
    ['one replica', 'production', (o) => (deployment(o, 'rules').spec.replicas = 1), /one replica/],
    [
      'a number beside an autoscaler',
      'production',
      (o) => Object.assign(deployment(o, 'slack').spec, { replicas: 2 }),
      /each apply would undo/,
    ],
    [
      'more than lanes',
      'production',
      (o) => Object.assign(named(o, 'HorizontalPodAutoscaler', 'slack').spec, { maxReplicas: 17 }),
      /16 lanes/,
    ],
    [
      'no budget',
      'production',
      (o) => o.splice(o.indexOf(named(o, 'PodDisruptionBudget', 'slack')), 1),
      /0 PodDisruptionBudgets/,
    ],
    ['all on one node', 'production', (o) => delete podOf(deployment(o, 'rules')).topologySpreadConstraints, /one node/],
    [
      'a query of another type',
      'production with every component',
      (o) => Object.assign(named(o, 'ScaledObject', 'slack').spec.scaleTargetRef, { name: 'discord' }),
      /of its own type/,
    ],
  ])('%s', (_, name, spoil, sentence) => {
    const objects = rendered(name);
    spoil(objects);
    expect(faults(name, objects).join('\n')).toMatch(sentence);
  });

  it('and where the real kustomize makes something else of it', () => {
    const [ours, theirs] = [rendered('base'), rendered('base')];
    expect(differences(ours, theirs)).toEqual([]);
    const map = ofKind(theirs, 'ConfigMap')[0];
    // the real one ends generated names with a hash, where they are used as well
    map.metadata.name += '-7b5h5gthd8';
    for (const one of [...ofKind(theirs, 'Deployment'), ...ofKind(theirs, 'Job')])
      containersOf(one)[0].envFrom[0].configMapRef.name = map.metadata.name;
    expect(differences(ours, theirs)).toEqual([]);
    container(theirs, 'rules').imagePullPolicy = 'Always';
    expect(differences(ours, theirs)).toEqual([
      expect.stringMatching(/^Deployment rules is rendered as .*"Always".*"IfNotPresent"/),
    ]);
  });
});
