import { containersOf, type Kube, labelsOf, matches, named, ofKind, podOf, title, workloads } from './objects.js';

/** What the restricted Pod Security Standard asks, and a file system that nobody writes to. */
const volumeKinds = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];

export function podFaults(objects: Kube[]): string[] {
  return workloads(objects).flatMap((workload) => {
    const pod = podOf(workload);
    const says = (what: string) => `${title(workload)}: ${what}`;
    const faults: string[] = [];
    if (pod.securityContext?.runAsNonRoot !== true) faults.push(says('runs as root, or may: set runAsNonRoot'));
    if (!(pod.securityContext?.runAsUser > 0)) faults.push(says('has no runAsUser: name one, whatever the image says'));
    if (pod.securityContext?.seccompProfile?.type !== 'RuntimeDefault')
      faults.push(says('has not the seccomp profile RuntimeDefault'));
    if (pod.hostNetwork || pod.hostPID || pod.hostIPC) faults.push(says('shares what is the node’s'));
    if (pod.automountServiceAccountToken !== false) faults.push(says('is given a token of the cluster, which it does not need'));
    if (pod.enableServiceLinks !== false)
      faults.push(says('is given variables of other Services: set enableServiceLinks: false'));
    for (const volume of pod.volumes ?? [])
      if (!volumeKinds.some((kind) => kind in volume))
        faults.push(says(`volume ${volume.name} is of a kind that is not allowed`));
    return [...faults, ...containersOf(workload).flatMap((one) => containerFaults(one, says))];
  });
}

function containerFaults(container: Kube, says: (what: string) => string): string[] {
  const { securityContext: context = {}, resources = {} } = container;
  const faults: string[] = [];
  if (context.allowPrivilegeEscalation !== false) faults.push('may gain privileges');
  if (context.privileged || context.capabilities?.add) faults.push('is given privileges');
  if (context.runAsUser === 0 || context.runAsNonRoot === false) faults.push('runs as root');
  if (!context.capabilities?.drop?.includes('ALL')) faults.push('keeps capabilities: drop ALL');
  if (context.readOnlyRootFilesystem !== true) faults.push('may write to its root file system');
  for (const what of ['cpu', 'memory']) if (!resources.requests?.[what]) faults.push(`requests no ${what}`);
  if (!resources.limits?.memory) faults.push('has no limit of memory');
  if ((container.ports ?? []).some((port: Kube) => port.hostPort)) faults.push('takes a port of the node');
  return faults.map((fault) => says(`${container.name} ${fault}`));
}

/** Names that lead nowhere. `given`: Secrets and ConfigMaps that an operator makes. */
export function referenceFaults(objects: Kube[], given: string[]): string[] {
  const faults: string[] = [];
  for (const workload of workloads(objects)) {
    const says = (what: string) => faults.push(`${title(workload)}: ${what}`);
    const selector = workload.spec.selector;
    if (selector && !matches(selector, labelsOf(workload))) says('its selector does not find its own pods');
    const pod = podOf(workload);
    const volumes = [...(pod.volumes ?? []), ...(workload.spec.volumeClaimTemplates ?? []).map((one: Kube) => one.metadata)];
    for (const { name, configMap, secret } of pod.volumes ?? []) {
      const [kind, to] = configMap ? ['ConfigMap', configMap.name] : ['Secret', secret?.secretName];
      if (to && !named(objects, kind, to) && !given.includes(to)) says(`volume ${name} is of ${kind} ${to}, which is not there`);
    }
    for (const { env = [], envFrom = [], name, volumeMounts = [] } of containersOf(workload)) {
      for (const { name: volume } of volumeMounts)
        if (!volumes.some((one: Kube) => one.name === volume)) says(`${name} mounts ${volume}, which is no volume`);
      const sources = [
        ...envFrom.map((one: Kube) => [one, undefined]),
        ...env.flatMap(({ valueFrom: one }: Kube) => (one ? [[one, (one.secretKeyRef ?? one.configMapKeyRef)?.key]] : [])),
      ];
      for (const [source, key] of sources) {
        const secret = source.secretKeyRef ?? source.secretRef;
        const kind = secret ? 'Secret' : 'ConfigMap';
        const to = (secret ?? source.configMapKeyRef ?? source.configMapRef).name;
        const found = named(objects, kind, to);
        if (!found && !given.includes(to)) says(`${name} reads ${kind} ${to}, which is not there`);
        if (found && key && !(key in found.data)) says(`${name} reads ${key} of ${kind} ${to}, which has no such key`);
      }
    }
  }
  for (const service of ofKind(objects, 'Service')) {
    const to = workloads(objects).find((one) => matches({ matchLabels: service.spec.selector }, labelsOf(one)));
    if (!to) faults.push(`${title(service)}: its selector finds no pod`);
    const open = to ? containersOf(to).flatMap((one) => (one.ports ?? []).map((port: Kube) => port.name)) : [];
    for (const { targetPort } of to ? service.spec.ports : [])
      if (!open.includes(targetPort)) faults.push(`${title(service)}: ${title(to)} has no port ${targetPort}`);
  }
  return faults;
}
