import { withProxy } from './inject-pod.ts';
import { isRecord, parsePod } from './pod.ts';
import { decideInjection } from './policy.ts';
import type { InjectionSettings } from './settings.ts';
import { workloadOf } from './workload-name.ts';

/** Documents of a manifest with proxies in their pods. */
export interface InjectedManifest {
  /** As many as were given, in the same order; what is no workload is the same object. */
  readonly documents: readonly unknown[];
  readonly outcomes: readonly ManifestOutcome[];
}

/** What became of one workload. */
export interface ManifestOutcome {
  /** `Deployment default/service` */
  readonly object: string;
  readonly kind: 'injected' | 'skipped' | 'broken';
  /** Why not, where it has not got a proxy. */
  readonly reason: string;
  readonly warnings: readonly string[];
}

/** Where a kind has its pod. */
const POD_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** A List may hold Lists; deeper than this it is not looked into. */
const MAX_LISTS = 4;

/**
 * Gives the pods of workloads their proxies, with the same result as the webhook has on the pods that come of them.
 * Namespaces' labels do not count: who calls this asks for injection.
 */
export function injectManifest(documents: readonly unknown[], settings: InjectionSettings): InjectedManifest {
  const outcomes: ManifestOutcome[] = [];
  const injected = documents.map((document) => injectDocument(document, { settings, outcomes, depth: 0 }));
  return { documents: injected, outcomes };
}

interface Context {
  readonly settings: InjectionSettings;
  readonly outcomes: ManifestOutcome[];
  readonly depth: number;
}

function injectDocument(document: unknown, context: Context): unknown {
  if (!isRecord(document)) return document;
  const { kind, items } = document;
  if (Array.isArray(items) && typeof kind === 'string' && kind.endsWith('List') && context.depth < MAX_LISTS) {
    const deeper = { ...context, depth: context.depth + 1 };
    return { ...document, items: items.map((item) => injectDocument(item, deeper)) };
  }
  const path = typeof kind === 'string' ? POD_PATHS[kind] : undefined;
  return path ? injectWorkload(document, path, context) : document;
}

function injectWorkload(
  document: Readonly<Record<string, unknown>>,
  path: readonly string[],
  { settings, outcomes }: Context,
): unknown {
  const meta = isRecord(document['metadata']) ? document['metadata'] : {};
  const [kind, name] = [String(document['kind']), String(meta['name'] ?? meta['generateName'] ?? '')];
  const namespace = typeof meta['namespace'] === 'string' ? meta['namespace'] : 'default';
  const object = `${kind} ${namespace}/${name}`;
  const pod = parsePod(at(document, path));
  if (typeof pod === 'string') {
    outcomes.push({ object, kind: 'broken', reason: `its pod cannot be read: ${pod}`, warnings: [] });
    return document;
  }
  const decision = decideInjection(pod, { name: namespace }, settings);
  if (decision.kind === 'skip') {
    outcomes.push({ object, kind: 'skipped', reason: decision.reason, warnings: [] });
    return document;
  }
  const workload = path.length === 0 ? workloadOf(pod.metadata) : { kind, name };
  const { pod: result, warnings } = withProxy(pod, workload, settings);
  outcomes.push({ object, kind: 'injected', reason: '', warnings });
  return replaceAt(document, path, result);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function replaceAt(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  return isRecord(value) ? { ...value, [key]: replaceAt(value[key], rest, replacement) } : value;
}
