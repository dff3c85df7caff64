import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { flagAt, type Plain, plain, textAt } from '../plain.ts';
import type { InstallValues } from '../values/install-values.ts';

/** The fields of a pod that say where it runs, from a component's settings. */
export function scheduling(values: InstallValues, ...settings: readonly Plain[]): Plain {
  const global = plain(values.values['global']);
  const defaults = { nodeSelector: global['defaultNodeSelector'], tolerations: global['defaultTolerations'] };
  const first = (field: string) =>
    [...settings, defaults].map((each: Plain) => each[field]).find((each) => !isEmpty(each));
  const fields = ['affinity', 'nodeSelector', 'tolerations', 'topologySpreadConstraints'];
  const priority = first('priorityClassName') ?? textAt(global, 'priorityClassName');
  return {
    ...Object.fromEntries(fields.flatMap((field) => (first(field) === undefined ? [] : [[field, first(field)]]))),
    ...(priority === undefined ? {} : { priorityClassName: priority }),
  };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
}

/** An image policy only where somebody says one: Kubernetes' own is IfNotPresent for a tag. */
export function pullPolicy(values: InstallValues, settings: Plain): Plain {
  const policy = textAt(settings, 'imagePullPolicy') ?? textAt(values.values, 'global', 'imagePullPolicy');
  return policy === undefined ? {} : { imagePullPolicy: policy };
}

interface Scaled {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** By processor time, in percent of what is requested. */
export function autoscaler(
  { name, namespace, labels, k8s }: Scaled & { readonly k8s: Plain },
  scale: { readonly min: number; readonly max: number; readonly cpuPercent: number },
): KubernetesObject {
  const given = plain(k8s['hpaSpec']);
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace, labels },
    spec: {
      minReplicas: scale.min,
      maxReplicas: scale.max,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: scale.cpuPercent } },
        },
      ],
      ...given,
    },
  };
}

/**
 * One pod at a time may be taken away. Not Istio's "one must stay": with a single pod that stops every drain of a node,
 * and proxies go on without their control plane for that while.
 */
export function disruptionBudget(
  values: InstallValues,
  { name, namespace, labels, k8s }: Scaled & { readonly k8s: Plain },
  selector: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  const given = plain(k8s['podDisruptionBudget']);
  if (!flagAt(values.values, 'global', 'defaultPodDisruptionBudget', 'enabled')) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace, labels },
      spec: {
        ...(Object.keys(given).length > 0 ? given : { maxUnavailable: 1 }),
        selector: { matchLabels: selector },
      },
    },
  ];
}
