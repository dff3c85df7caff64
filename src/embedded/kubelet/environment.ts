import type { ConfigObjectOf, Container, EnvironmentVariable } from '../../config/index.ts';
import type { PodView } from '../controllers/pod-view.ts';

/** What a container's environment is read from beside its own list. */
export interface EnvironmentSources {
  readonly pod: PodView;
  readonly address: string;
  readonly configMap: (name: string) => ConfigObjectOf<'ConfigMap'> | undefined;
  readonly secret: (name: string) => ConfigObjectOf<'Secret'> | undefined;
}

/** The environment, or what is missing for it: then the container waits, as on Kubernetes. */
export type Environment =
  | { readonly kind: 'resolved'; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'missing'; readonly problem: string };

type Fields = Readonly<Record<string, unknown>>;

/** Resolves `envFrom` and `env` of a container (Kubernetes: EnvVarSource, and `$(NAME)` in values). */
export function environmentOf(container: Container, sources: EnvironmentSources): Environment {
  const env: Record<string, string> = {};
  const problems: string[] = [];
  const envFrom = (container as unknown as Fields)['envFrom'];
  for (const item of Array.isArray(envFrom) ? envFrom : []) {
    const found = valuesOf(fieldsOf(item), sources);
    if (typeof found === 'string') problems.push(found);
    else Object.assign(env, found);
  }
  for (const variable of container.env ?? []) {
    const found = variableValue(variable, sources);
    if (found.kind === 'missing') problems.push(found.problem);
    else if (found.value !== undefined) env[variable.name] = expand(found.value, env);
  }
  const [problem] = problems;
  return problem === undefined ? { kind: 'resolved', env } : { kind: 'missing', problem };
}

type Value =
  | { readonly kind: 'value'; readonly value: string | undefined }
  | { readonly kind: 'missing'; readonly problem: string };

function variableValue({ value = '', valueFrom }: EnvironmentVariable, sources: EnvironmentSources): Value {
  if (!valueFrom) return { kind: 'value', value };
  const field = valueFrom['fieldRef'];
  if (field) return { kind: 'value', value: podField(String(fieldsOf(field)['fieldPath'] ?? ''), sources) };
  for (const kind of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = valueFrom[kind];
    if (reference) return keyOf(kind, fieldsOf(reference), sources);
  }
  // Resources are not limited on one's own machine.
  return { kind: 'value', value: valueFrom['resourceFieldRef'] ? '0' : undefined };
}

function keyOf(kind: 'configMapKeyRef' | 'secretKeyRef', reference: Fields, sources: EnvironmentSources): Value {
  const name = String(reference['name'] ?? '');
  const key = String(reference['key'] ?? '');
  const data = kind === 'configMapKeyRef' ? sources.configMap(name)?.spec.data : secretData(sources.secret(name));
  const value = data?.[key];
  if (value !== undefined || reference['optional'] === true) return { kind: 'value', value };
  const what = kind === 'configMapKeyRef' ? 'ConfigMap' : 'Secret';
  return { kind: 'missing', problem: data ? `${what} ${name} has no key ${key}` : `there is no ${what} ${name}` };
}

/** @returns a text where something is missing. */
function valuesOf(item: Fields, sources: EnvironmentSources): Readonly<Record<string, string>> | string {
  const prefix = typeof item['prefix'] === 'string' ? item['prefix'] : '';
  const [what, reference, data] = item['configMapRef']
    ? ['ConfigMap', fieldsOf(item['configMapRef']), sources.configMap(nameOf(item['configMapRef']))?.spec.data]
    : ['Secret', fieldsOf(item['secretRef']), secretData(sources.secret(nameOf(item['secretRef'])))];
  if (!data) return reference['optional'] === true ? {} : `there is no ${what} ${String(reference['name'] ?? '')}`;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [`${prefix}${key}`, value]));
}

function secretData(secret: ConfigObjectOf<'Secret'> | undefined): Readonly<Record<string, string>> | undefined {
  if (!secret) return undefined;
  const decoded = Object.entries(secret.spec.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  return { ...Object.fromEntries(decoded), ...secret.spec.stringData };
}

/** The downward API (Kubernetes: "Available fields"). */
function podField(path: string, { pod, address }: EnvironmentSources): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed) return (keyed[1] === 'labels' ? pod.labels : pod.annotations)[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': pod.name,
    'metadata.namespace': pod.namespace,
    'metadata.uid': pod.uid,
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.hostIP': address,
    'status.podIP': address,
    'status.podIPs': address,
  };
  return fields[path];
}

/** `$(NAME)` stands for a variable before it; `$$` for a dollar; an unknown one stays as it is. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^()]+)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  );
}

function nameOf(value: unknown): string {
  return String(fieldsOf(value)['name'] ?? '');
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
