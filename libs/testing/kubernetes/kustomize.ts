import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Kube, matches, objectsOf } from './objects.js';

/**
 * What `kubectl kustomize` makes of a folder, as far as k8s/ uses it, so that tests need no kubectl. What it does not know it
 * refuses, and .ci/kubernetes shows that the real one makes the same. Names of generated objects have no hash here.
 */
export function kustomize(folder: string): Kube[] {
  return build(folder, []);
}

const words = ['apiVersion', 'kind', 'namespace', 'labels', 'resources', 'components', 'images', 'configMapGenerator'].concat(
  'secretGenerator',
  'replicas',
  'patches',
);

function build(folder: string, given: Kube[]): Kube[] {
  const path = join(folder, 'kustomization.yaml');
  const [file] = objectsOf(readFileSync(path, 'utf8'));
  for (const word of Object.keys(file)) if (!words.includes(word)) throw new Error(`${path}: '${word}' is not understood here`);
  let objects = [...given];
  for (const resource of file.resources ?? []) {
    const at = join(folder, resource);
    objects.push(...(statSync(at).isDirectory() ? build(at, []) : objectsOf(readFileSync(at, 'utf8'))));
  }
  for (const one of file.configMapGenerator ?? []) generate(objects, folder, 'ConfigMap', one);
  for (const one of file.secretGenerator ?? []) generate(objects, folder, 'Secret', one);
  for (const component of file.components ?? []) objects = build(join(folder, component), objects);
  for (const patch of file.patches ?? []) objects = applied(objects, folder, patch);
  for (const { pairs } of file.labels ?? []) for (const object of objects) label(object, pairs);
  if (file.namespace) for (const object of objects) if (object.kind !== 'Namespace') object.metadata.namespace = file.namespace;
  for (const { name, count } of file.replicas ?? [])
    for (const object of objects) if (object.kind === 'Deployment' && object.metadata.name === name) object.spec.replicas = count;
  for (const image of file.images ?? []) {
    for (const object of objects)
      for (const container of object.spec?.template?.spec?.containers ?? [])
        if (container.image === image.name) container.image = `${image.newName ?? image.name}:${image.newTag}`;
  }
  return objects;
}

function generate(
  objects: Kube[],
  folder: string,
  kind: string,
  { name, behavior, literals = [], envs = [], files = [], options }: Kube,
) {
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const lines = [...literals, ...envs.flatMap((env: string) => read(env).split('\n'))].filter((line) => /^\w+=/.test(line));
  const texts = [
    ...lines.map((line: string) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
    ...files.map((file: string) => [file.split('/').at(-1)!, read(file)] as const),
  ];
  const data = Object.fromEntries(
    texts.map(([key, text]) => [key, kind === 'Secret' ? Buffer.from(text).toString('base64') : text]),
  );
  if (behavior === 'merge') {
    Object.assign(objects.find((one) => one.kind === kind && one.metadata.name === name).data, data);
    return;
  }
  const metadata = { name, ...(options?.labels && { labels: options.labels }) };
  objects.push({ apiVersion: 'v1', kind, metadata, data, ...(kind === 'Secret' && { type: 'Opaque' }) });
}

function label(object: Kube, pairs: Record<string, string>): void {
  object.metadata.labels = { ...object.metadata.labels, ...pairs };
  const template = object.spec?.template;
  if (template) template.metadata.labels = { ...template.metadata.labels, ...pairs };
}

function applied(objects: Kube[], folder: string, { path, patch, target }: Kube): Kube[] {
  const [content] = objectsOf(patch ?? readFileSync(join(folder, path), 'utf8'));
  const whole = (pattern: string | undefined, text: string) => !pattern || new RegExp(`^(${pattern})$`).test(text);
  const { kind, name, labelSelector, ...more } = target;
  if (Object.keys(more).length > 0) throw new Error(`${folder}: a target with ${Object.keys(more)} is not understood here`);
  const [key, value] = labelSelector?.split('=') ?? [];
  const isMeant = ({ kind: of, metadata }: Kube) =>
    whole(kind, of) && whole(name, metadata.name) && (!key || matches({ matchLabels: { [key]: value } }, metadata.labels ?? {}));
  if (!objects.some(isMeant)) throw new Error(`${folder}: a patch finds nothing: ${JSON.stringify(target)}`);
  if (content.$patch === 'delete') return objects.filter((one) => !isMeant(one));
  for (const object of objects.filter(isMeant)) {
    if (Array.isArray(content)) for (const operation of content) operate(object, operation);
    else {
      const { apiVersion: _, kind: __, metadata, ...rest } = content;
      const { name: ___, ...about } = metadata;
      merge(object, { metadata: about, ...rest });
    }
  }
  return objects;
}

/** As a strategic merge: of lists, containers are merged by their names; others only stand where none was. */
function merge(into: Kube, from: Kube): void {
  for (const [key, value] of Object.entries<Kube>(from)) {
    if (key === 'containers') {
      for (const one of value) {
        const same = into.containers.find(({ name }: Kube) => name === one.name);
        if (!same) throw new Error(`A patch is for the container ${one.name}, which is not there`);
        merge(same, one);
      }
    } else if (Array.isArray(value) && into[key]) throw new Error(`To merge the list ${key} is not understood here`);
    else if (typeof value === 'object' && !Array.isArray(value)) {
      into[key] ??= {};
      merge(into[key], value);
    } else into[key] = structuredClone(value);
  }
}

/** One operation of a JSON patch (RFC 6902). */
function operate(object: Kube, { op, path, value }: { op: string; path: string; value: Kube }): void {
  const steps = path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = steps.pop()!;
  const at = steps.reduce((inside, step) => inside?.[step], object);
  const there = at?.[last];
  if (at === undefined || (op !== 'add' && there === undefined)) throw new Error(`${object.metadata.name} has no ${path}`);
  if (op === 'test' && there !== value) throw new Error(`${object.metadata.name}: ${path} is ${there}, not ${value}`);
  if (op === 'add' && Array.isArray(at)) at.splice(last === '-' ? at.length : Number(last), 0, structuredClone(value));
  else if (op === 'add' || op === 'replace') at[last] = structuredClone(value);
  else if (op !== 'test') throw new Error(`'${op}' is not understood here`);
}

/** Where two renderings differ, hashes of generated names aside. */
export function differences(ours: Kube[], theirs: Kube[]): string[] {
  const [one, other] = [byName(ours), byName(withoutHashes(theirs))];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) => {
    const [taken = 'nothing', made = 'nothing'] = [one.get(name), other.get(name)];
    if (taken === made) return [];
    const at = Math.max(0, [...made].findIndex((letter, place) => letter !== taken[place]) - 60);
    const part = (text: string) => text.slice(at, at + 160);
    return [`${name} is rendered as …${part(made)}…, the tests took …${part(taken)}…`];
  });
}

const byName = (objects: Kube[]): Map<string, string> =>
  new Map(objects.map((one) => [`${one.kind} ${one.metadata.name}`, JSON.stringify(sorted(one))]));

function sorted(value: Kube): Kube {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** The letters that hashes of kustomize are made of: no word ends so. */
const hash = /-[2456789bcdfghkmt]{10}$/;

function withoutHashes(objects: Kube[]): Kube[] {
  const hashed = objects
    .filter(({ kind, metadata }) => /^(ConfigMap|Secret)$/.test(kind) && hash.test(metadata.name))
    .map(({ metadata }) => metadata.name as string);
  let text = JSON.stringify(objects);
  for (const name of hashed) text = text.replaceAll(`"${name}"`, `"${name.slice(0, -11)}"`);
  return JSON.parse(text);
}
