import { channelTypes, natsUsers, type Service, services } from '#contracts';
import { newKey, readConfig, settings } from '#runtime';
import { containersOf, type Kube, labelsOf, named, ofKind, podOf, title } from './objects.js';

/** Settings that are secrets, and who has them: nobody else. */
export const secretsOf = (service: Service): string[] => {
  const isType = (channelTypes as readonly string[]).includes(service);
  return [
    'NATS_URL',
    ...(service === 'printer-ingest' ? [] : ['DATABASE_URL']),
    ...(service === 'rules' || service === 'gateway' || isType ? ['FARMBELL_SECRET_KEYS'] : []),
    ...(service === 'gateway' ? ['FARMBELL_ADMIN_TOKEN'] : []),
  ];
};
const secret = ['NATS_URL', 'DATABASE_URL', 'FARMBELL_SECRET_KEYS', 'FARMBELL_ADMIN_TOKEN'];
/** What URLs are made of. */
const parts = ['NATS_USER', 'NATS_PASSWORD', 'DATABASE_PASSWORD'];

export const passwordOf = (user: string) => `FARMBELL_NATS_PASSWORD_${user.replaceAll('-', '_').toUpperCase()}`;
const samples: Record<string, () => string> = {
  DATABASE_URL: () => 'postgres://farmbell:password@postgres:5432/farmbell',
  FARMBELL_SECRET_KEYS: newKey,
  FARMBELL_ADMIN_TOKEN: () => 'a-token-of-sixteen-characters-and-more',
};

/** A container's environment as a process sees it; `secretOf` says what a Secret's key holds. */
export function environmentOf(
  objects: Kube[],
  container: Kube,
  secretOf: (key: string) => string = (key) => samples[key]?.() ?? 'password',
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef.name);
    Object.assign(env, map?.data);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    // as Kubernetes does: only what stands before it, and what is not known stays as it is
    env[name] = valueFrom
      ? secretOf(valueFrom.secretKeyRef.key)
      : value.replace(/\$\((\w+)\)/g, (as: string, of: string) => env[of] ?? as);
  }
  return env;
}

/** What is wrong with the workloads of the services, by what their code wants. */
export function serviceFaults(objects: Kube[]): string[] {
  const faults = services.flatMap((service) => {
    const deployment = named(objects, 'Deployment', service);
    if (!deployment) return [`There is no Deployment ${service}: a service that is nowhere started does nothing`];
    return faultsOf(objects, service, deployment);
  });
  const known = ofKind(objects, 'Deployment').filter(({ metadata }) => !(services as readonly string[]).includes(metadata.name));
  return [...faults, ...known.map((one) => `${title(one)}: there is no such service in apps/`)];
}

function faultsOf(objects: Kube[], service: Service, deployment: Kube): string[] {
  const faults: string[] = [];
  const says = (what: string) => faults.push(`Deployment ${service}: ${what}`);
  const [container, ...more] = containersOf(deployment);
  const { spec } = deployment;
  if (labelsOf(deployment)['app.kubernetes.io/name'] !== service) says('its pods are not labelled with its name');
  if (more.length > 0) says('has more than one container');
  if (!/(^|\/)farmbell(:[\w.-]+)?$/.test(container.image)) says(`its image is ${container.image}`);
  if (container.command || container.args?.join(' ') !== `dist/apps/${service}/main.js`)
    says(`does not run dist/apps/${service}/main.js by the image's own entrypoint`);
  environmentFaults(objects, service, container, says);
  const env = environmentOf(objects, container);
  const config = readConfig({ ...env });
  const http = service === 'gateway' ? (config.FARMBELL_PORT ?? 8080) : config.FARMBELL_METRICS_PORT;
  const ports: Record<string, number> = {
    http,
    ...(service === 'printer-ingest' && { grpc: config.FARMBELL_GRPC_PORT ?? 50051 }),
  };
  const open = Object.fromEntries((container.ports ?? []).map((port: Kube) => [port.name, port.containerPort]));
  if (JSON.stringify(open) !== JSON.stringify(ports))
    says(`its ports are ${JSON.stringify(open)}, but it listens at ${JSON.stringify(ports)}`);
  for (const [probe, path] of Object.entries({
    startupProbe: '/healthz',
    livenessProbe: '/healthz',
    readinessProbe: '/readyz',
  })) {
    const asked = container[probe]?.httpGet;
    if (asked?.path !== path || asked?.port !== 'http') says(`its ${probe} does not ask ${path} at http`);
  }
  // a part may take 2 s to answer
  if (!(container.readinessProbe?.timeoutSeconds > 2)) says('its readinessProbe gives up before /readyz does');
  const rolling = spec.strategy?.rollingUpdate ?? {};
  if (rolling.maxUnavailable !== 0 || !(rolling.maxSurge > 0)) says('an update takes a pod away before the next one is ready');
  if (!(podOf(deployment).terminationGracePeriodSeconds >= 30)) says('is killed before it has handed over');
  const isCalled = service === 'gateway' || service === 'printer-ingest';
  if (isCalled !== (named(objects, 'Service', service) !== undefined))
    says(isCalled ? 'has no Service, but callers' : 'has a Service, but no callers');
  if (isCalled && !container.lifecycle?.preStop) says('stops while callers are still sent to it: it needs a preStop');
  if (service === 'gateway' && config.FARMBELL_HOST === '127.0.0.1') says('listens to itself alone: set FARMBELL_HOST');
  const port = spec.template.metadata.annotations?.['prometheus.io/port'];
  if (port !== String(http)) says(`tells Prometheus port ${port}, but its metrics are at ${http}`);
  return faults;
}

function environmentFaults(objects: Kube[], service: Service, container: Kube, says: (what: string) => void): void {
  const env = environmentOf(objects, container);
  const names = (container.env ?? []).map(({ name }: Kube) => name);
  for (const name of Object.keys(env))
    if (!(name in settings) && !parts.includes(name)) says(`${name} is no setting of libs/runtime/config.ts`);
  const has = secret.filter((name) => name in env);
  if (has.join() !== secretsOf(service).sort(inOrder).join())
    says(`has ${has.join(', ')}; what it needs is ${secretsOf(service).sort(inOrder).join(', ')}`);
  for (const { name, value, valueFrom } of container.env ?? []) {
    const isMade = /_URL$/.test(name) && /:\$\(\w+_PASSWORD\)@/.test(value ?? '');
    if ([...secret, ...parts.slice(1)].includes(name) && !valueFrom?.secretKeyRef && !isMade)
      says(`${name} stands there as it is: take it from a Secret`);
    if (/\$\(/.test(env[name] ?? '')) says(`${name} is made of what does not stand before it`);
  }
  if (new Set(names).size < names.length) says('has a variable twice');
  const user = (container.env ?? []).find(({ name }: Kube) => name === 'NATS_PASSWORD')?.valueFrom?.secretKeyRef?.key;
  if (env.NATS_USER !== service || user !== passwordOf(service) || !(service in natsUsers))
    says('does not speak with NATS as its own user');
}

const inOrder = (a: string, b: string) => secret.indexOf(a) - secret.indexOf(b);
