import { channelTypes, services } from '#contracts';
import { type Kube, labelsOf, matches, named, ofKind, podOf, title, workloads } from './objects.js';

/** As many lanes has a channel type, and so many replicas are of use. */
const lanes = 16;

/** What must hold where a node may go: more than one of each, apart, and never all at once. */
export function productionFaults(objects: Kube[]): string[] {
  const faults: string[] = ofKind(objects, 'Secret').map((one) => `${title(one)}: secrets of production stand in no file here`);
  const scalers = ofKind(objects, 'HorizontalPodAutoscaler', 'ScaledObject');
  for (const service of services) {
    const deployment = named(objects, 'Deployment', service);
    if (!deployment) continue;
    const says = (what: string) => faults.push(`Deployment ${service}: ${what}`);
    const own = scalers.filter(({ spec }) => spec.scaleTargetRef.name === service);
    const [scaler, ...more] = own;
    if (more.length > 0) says('is scaled by two that pull at it in turn');
    const least = scaler ? (scaler.spec.minReplicas ?? scaler.spec.minReplicaCount) : deployment.spec.replicas;
    if (!(least >= 2)) says('has one replica, or may have');
    if (scaler && deployment.spec.replicas !== undefined)
      says('has a number of replicas beside an autoscaler: each apply would undo what it did');
    const isType = (channelTypes as readonly string[]).includes(service);
    if (isType && !scaler) says('is not scaled');
    if (isType && (scaler?.spec.maxReplicas ?? scaler?.spec.maxReplicaCount) > lanes)
      says(`may have more replicas than the ${lanes} lanes of its type`);
    const budgets = ofKind(objects, 'PodDisruptionBudget').filter(({ spec }) => matches(spec.selector, labelsOf(deployment)));
    if (budgets.length !== 1) says(`has ${budgets.length} PodDisruptionBudgets: one it must be`);
    const spread = podOf(deployment).topologySpreadConstraints ?? [];
    if (!spread.some((one: Kube) => one.topologyKey === 'kubernetes.io/hostname')) says('may have all its replicas on one node');
    for (const one of spread)
      if (one.matchLabelKeys && !one.labelSelector) says('spreads by matchLabelKeys without a labelSelector');
  }
  for (const { spec, ...one } of scalers)
    if (!named(objects, 'Deployment', spec.scaleTargetRef.name))
      faults.push(`${title(one)}: there is nothing of that name to scale`);
  for (const workload of workloads(objects).filter(({ kind }) => kind === 'StatefulSet'))
    faults.push(`${title(workload)}: production has its servers elsewhere`);
  return faults;
}

/** Kinds that Kubernetes itself does not know: at least what they cannot do without. */
export function customFaults(objects: Kube[]): string[] {
  const faults: string[] = [];
  for (const one of objects) {
    const says = (what: string) => faults.push(`${title(one)}: ${what}`);
    if (one.kind === 'ScaledObject') {
      if (one.apiVersion !== 'keda.sh/v1alpha1') says(`is of ${one.apiVersion}`);
      for (const { type, metadata, metricType } of one.spec.triggers ?? [{}]) {
        if (type !== 'prometheus') says('has a trigger that is not Prometheus');
        for (const key of ['serverAddress', 'query', 'threshold', 'ignoreNullValues'])
          if (typeof metadata?.[key] !== 'string') says(`its trigger has no ${key}, as a string`);
        if (!(Number(metadata?.threshold) > 0)) says('its threshold is no number above 0');
        if (!metadata?.query?.includes(`farmbell_deliveries_due{type="${one.spec.scaleTargetRef.name}"}`))
          says('it does not ask for the deliveries that are due of its own type');
        if (one.spec.fallback && metricType !== 'AverageValue') says('a fallback is for AverageValue alone');
      }
    }
    if (one.kind === 'PodMonitor') {
      if (one.apiVersion !== 'monitoring.coreos.com/v1') says(`is of ${one.apiVersion}`);
      if (!one.spec.podMetricsEndpoints?.every((end: Kube) => end.port && end.path))
        says('has no endpoint with a port and a path');
    }
    if (one.kind === 'PrometheusRule') {
      if (one.apiVersion !== 'monitoring.coreos.com/v1') says(`is of ${one.apiVersion}`);
      if (
        !one.spec.groups?.every(
          (group: Kube) => group.name && group.rules?.every((rule: Kube) => rule.expr && (rule.alert || rule.record)),
        )
      )
        says('has a group without name, or a rule without expr');
    }
  }
  return faults;
}
