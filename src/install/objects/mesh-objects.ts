import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import type { InstallValues } from '../values/install-values.ts';
import { namespaceObject, readerAccess } from './base.ts';
import { configMaps } from './config-maps.ts';
import { eastWestRules, gatewayObjects } from './gateways.ts';
import { istiodObjects } from './istiod.ts';
import { istiodAccess } from './istiod-access.ts';
import { remoteIstiod } from './remote-istiod.ts';
import { injectorWebhook, validatorWebhook } from './webhooks.ts';

/** Objects that belong together: applied in one go, waited for together, and told as one line. */
export interface InstallStep {
  /** As Istio says it: `Istio core`, `Istiod`. */
  readonly title: string;
  readonly objects: readonly KubernetesObject[];
}

export const WEBHOOKS_TITLE = 'Webhooks';
export const REMOTE_TITLE = 'Istiod (remote)';

/** What the steps need to know beside the values. */
export interface MeshFacts {
  /** The CustomResourceDefinitions of the Istio API. */
  readonly definitions: readonly KubernetesObject[];
  /** Where proxies of a remote cluster reach their control plane: an IP address or a host name. */
  readonly pilotAddress?: string;
  /** The name of the cluster whose control plane serves a remote one; any may where it is not known. */
  readonly primaryCluster?: string;
}

/**
 * Everything that is installed, in the order in which it is applied. Equal values give equal objects.
 * Webhooks stand behind the control plane, so that none of them stops it; gateways behind the webhooks, so that they are injected.
 */
export function meshSteps(values: InstallValues, facts: MeshFacts): readonly InstallStep[] {
  const isRemote = values.role.kind === 'remote';
  const core = values.hasBase ? [...facts.definitions, ...readerAccess(values)] : [];
  const pilot = values.hasPilot
    ? [...istiodAccess(values), ...configMaps(values), ...istiodObjects(values)]
    : isRemote
      ? [...configMaps(values, facts.pilotAddress), ...remoteIstiod(values, facts.pilotAddress ?? '')]
      : [];
  const webhooks = values.hasPilot || isRemote ? [...validatorWebhook(values), injectorWebhook(values)] : [];
  const gateways = (egress: boolean) =>
    values.gateways
      .filter(({ kind }) => (kind === 'egress') === egress)
      .flatMap((each) => gatewayObjects(values, each));
  const steps: readonly InstallStep[] = [
    { title: 'Istio core', objects: [namespaceObject(values, facts.primaryCluster), ...core] },
    { title: isRemote ? REMOTE_TITLE : 'Istiod', objects: pilot },
    { title: WEBHOOKS_TITLE, objects: webhooks },
    { title: 'Ingress gateways', objects: [...gateways(false), ...eastWestRules(values)] },
    { title: 'Egress gateways', objects: gateways(true) },
  ];
  return steps.filter(({ objects }) => objects.length > 0);
}

/** All objects of all steps, in order. */
export function meshObjects(values: InstallValues, facts: MeshFacts): readonly KubernetesObject[] {
  return meshSteps(values, facts).flatMap(({ objects }) => objects);
}
