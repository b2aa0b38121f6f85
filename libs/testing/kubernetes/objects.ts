import { parseAllDocuments } from 'yaml';

/** What Kubernetes is told, as YAML has it: its schemas are checked elsewhere (.ci/kubernetes), so that here it is just read. */
// biome-ignore lint/suspicious/noExplicitAny: objects of every kind
export type Kube = any;

/** The objects of a YAML text. Throws for what is no YAML. */
export function objectsOf(text: string): Kube[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS();
  });
}

export const ofKind = (objects: Kube[], ...kinds: string[]): Kube[] => objects.filter(({ kind }) => kinds.includes(kind));

export const named = (objects: Kube[], kind: string, name: string): Kube | undefined =>
  ofKind(objects, kind).find(({ metadata }) => metadata.name === name);

/** What runs pods. */
export const workloads = (objects: Kube[]): Kube[] => ofKind(objects, 'Deployment', 'StatefulSet', 'Job');

export const podOf = (workload: Kube): Kube => workload.spec.template.spec;
export const labelsOf = (workload: Kube): Record<string, string> => workload.spec.template.metadata.labels ?? {};
export const containersOf = (workload: Kube): Kube[] => [
  ...(podOf(workload).initContainers ?? []),
  ...(podOf(workload).containers ?? []),
];
/** Kind and name, as a sentence begins. */
export const title = ({ kind, metadata }: Kube): string => `${kind} ${metadata.name}`;

export const matches = (selector: Kube, labels: Record<string, string>): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (selector.matchExpressions ?? []).every((one: { key: string; operator: string; values?: string[] }) => {
    if (one.operator === 'In') return labels[one.key] !== undefined && one.values!.includes(labels[one.key]!);
    if (one.operator === 'NotIn') return labels[one.key] === undefined || !one.values!.includes(labels[one.key]!);
    throw new Error(`A selector with ${one.operator} is not understood here: say it with In or NotIn, or teach this function`);
  });
