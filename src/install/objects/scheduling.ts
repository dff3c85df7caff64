import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { flagAt, type Plain, textAt } from '../plain.ts';
import type { InstallValues } from '../values/install-values.ts';

/** The fields of a pod that say where it runs, from a component's settings. */
export function scheduling(values: InstallValues, ...settings: readonly Plain[]): Plain {
  const first = (field: string) => settings.map((each) => each[field]).find((each) => !isEmpty(each));
  const fields = ['affinity', 'nodeSelector', 'tolerations', 'topologySpreadConstraints'];
  const priority = first('priorityClassName') ?? textAt(values.values, 'global', 'priorityClassName');
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
  { name, namespace, labels }: Scaled,
  scale: { readonly min: number; readonly max: number; readonly cpuPercent: number },
): KubernetesObject {
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
    },
  };
}

/**
 * One pod at a time may be taken away. Not Istio's "one must stay": with a single pod that stops every drain of a node,
 * and proxies go on without their control plane for that while.
 */
export function disruptionBudget(
  values: InstallValues,
  { name, namespace, labels }: Scaled,
  selector: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  if (!flagAt(values.values, 'global', 'defaultPodDisruptionBudget', 'enabled')) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace, labels },
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    },
  ];
}
