import { stringify } from 'yaml';
import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { merge, type Plain, plain, textAt } from '../plain.ts';
import { type InstallValues, revisionSuffix } from '../values/install-values.ts';
import { ownershipLabels } from './labels.ts';
import { istiodHost } from './names.ts';

/**
 * The two ConfigMaps that control plane and injector read, by Istio's names and keys.
 * @param pilotAddress of a remote cluster: where its control plane is, in the place of how somebody wrote it.
 */
export function configMaps(values: InstallValues, pilotAddress?: string): readonly KubernetesObject[] {
  const written = pilotAddress === undefined ? {} : { global: { remotePilotAddress: pilotAddress } };
  return [
    configMap(`istio${revisionSuffix(values)}`, values, {
      mesh: stringify(meshConfigOf(values), { sortMapEntries: true }),
    }),
    configMap(`istio-sidecar-injector${revisionSuffix(values)}`, values, {
      values: `${JSON.stringify(sorted(merge(values.values, written)), undefined, 2)}\n`,
    }),
  ];
}

/** MeshConfig with what Istio's charts set in it. */
export function meshConfigOf(values: InstallValues): Plain {
  const meshId = textAt(values.values, 'global', 'meshID');
  const base: Plain = {
    defaultConfig: {
      discoveryAddress: `${istiodHost(values)}:15012`,
      ...(meshId === undefined ? {} : { meshId }),
      tracing: { sampling: Number(textAt(values.values, 'pilot', 'traceSampling') ?? 1) },
    },
    rootNamespace: values.namespace,
    trustDomain: textAt(values.values, 'global', 'trustDomain') ?? 'cluster.local',
  };
  return merge(base, values.meshConfig) as Plain;
}

function configMap(name: string, values: InstallValues, data: Readonly<Record<string, string>>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: values.namespace, labels: ownershipLabels(values, 'Pilot') },
    data,
  };
}

/** The order of keys depends on who set what; an equal meaning has to be an equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(plain(value)).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]));
}
