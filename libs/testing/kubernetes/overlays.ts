import { settings } from '#runtime';
import { arrowFaults } from './arrows.js';
import { containersOf, type Kube, named } from './objects.js';
import { podFaults, referenceFaults } from './pods.js';
import { customFaults, productionFaults } from './production.js';
import { environmentOf, serviceFaults } from './services.js';

/** Each way to apply k8s/: the Secrets that its operator makes, and where its database is. */
export const overlays = {
  base: { given: ['farmbell'], database: undefined },
  dev: { given: [], database: 'postgres' },
  production: { given: ['farmbell', 'nats-tls'], database: 'database' },
} as const;
export type Overlay = keyof typeof overlays;

/** A sentence for everything that is wrong with what an overlay is rendered to. */
export function faultsIn(overlay: Overlay, objects: Kube[]): string[] {
  const { given, database } = overlays[overlay];
  return [
    ...namespaceFaults(objects),
    ...serviceFaults(objects),
    ...migrationFaults(objects),
    ...podFaults(objects),
    ...referenceFaults(objects, [...given]),
    ...arrowFaults(objects, database),
    ...customFaults(objects),
    ...(overlay === 'production' ? productionFaults(objects) : []),
  ];
}

function namespaceFaults(objects: Kube[]): string[] {
  const labels = named(objects, 'Namespace', 'farmbell')?.metadata.labels ?? {};
  return [
    ...(labels['pod-security.kubernetes.io/enforce'] === 'restricted'
      ? []
      : ['Namespace farmbell: does not demand the restricted standard']),
    ...objects
      .filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'farmbell')
      .map(({ kind, metadata }) => `${kind} ${metadata.name}: is not in the namespace farmbell`),
  ];
}

function migrationFaults(objects: Kube[]): string[] {
  const job = named(objects, 'Job', 'migrate');
  if (!job) return ['There is no Job migrate'];
  const [container] = containersOf(job);
  const needed = Object.keys(environmentOf(objects, container)).filter((name) => name in settings && /URL|KEYS|TOKEN/.test(name));
  return [
    ...(container.args?.join(' ') === 'dist/apps/all/migrate.js' ? [] : ['Job migrate: does not run dist/apps/all/migrate.js']),
    ...(needed.filter((name) => name !== 'FARMBELL_PUBLIC_URL').join() === 'DATABASE_URL'
      ? []
      : [`Job migrate: has ${needed.join(', ')}; what it needs is DATABASE_URL`]),
  ];
}
