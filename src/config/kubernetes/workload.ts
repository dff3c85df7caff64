import type { Schema } from '../schema/schema.ts';
import type { KubernetesLabelSelector } from './label-selector.ts';
import { POD_TEMPLATE_SCHEMA, type PodTemplate } from './pod.ts';
import { fields, INTEGER, LABEL_SELECTOR, oneOf, required, TEXT } from './schema-builder.ts';

/** Kubernetes: apps/v1 Deployment and ReplicaSet. */
export interface DeploymentSpec {
  readonly replicas: number;
  readonly selector?: KubernetesLabelSelector;
  readonly template: PodTemplate;
}

/** Kubernetes: apps/v1 StatefulSet: pods `<name>-0`, `<name>-1`, ... with a DNS name each. */
export interface StatefulSetSpec extends DeploymentSpec {
  /** The headless service that gives the pods their names. */
  readonly serviceName: string;
  readonly podManagementPolicy?: 'OrderedReady' | 'Parallel';
}

/** Kubernetes: apps/v1 DaemonSet: a pod per node. */
export interface DaemonSetSpec {
  readonly selector?: KubernetesLabelSelector;
  readonly template: PodTemplate;
}

/** Kubernetes: batch/v1 Job. */
export interface JobSpec {
  readonly completions?: number;
  readonly parallelism?: number;
  readonly backoffLimit?: number;
  readonly template: PodTemplate;
}

const REPLICAS: Schema = { type: 'integer', minimum: 0, default: 1 };

const SCALED = { replicas: REPLICAS, selector: LABEL_SELECTOR, template: POD_TEMPLATE_SCHEMA };

export const DEPLOYMENT_SCHEMA: Schema = required(
  fields(SCALED, 'strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds'),
  'selector',
  'template',
);

export const REPLICA_SET_SCHEMA: Schema = required(fields(SCALED, 'minReadySeconds'), 'selector', 'template');

export const STATEFUL_SET_SCHEMA: Schema = required(
  fields(
    { ...SCALED, serviceName: { ...TEXT, default: '' }, podManagementPolicy: oneOf('OrderedReady', 'Parallel') },
    'volumeClaimTemplates updateStrategy revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals',
  ),
  'selector',
  'template',
);

export const DAEMON_SET_SCHEMA: Schema = required(
  fields(
    { selector: LABEL_SELECTOR, template: POD_TEMPLATE_SCHEMA },
    'updateStrategy minReadySeconds revisionHistoryLimit',
  ),
  'selector',
  'template',
);

export const JOB_SCHEMA: Schema = required(
  fields(
    { completions: INTEGER, parallelism: INTEGER, backoffLimit: INTEGER, template: POD_TEMPLATE_SCHEMA },
    'activeDeadlineSeconds podFailurePolicy successPolicy backoffLimitPerIndex maxFailedIndexes selector manualSelector ' +
      'ttlSecondsAfterFinished completionMode suspend podReplacementPolicy managedBy',
  ),
  'template',
);
