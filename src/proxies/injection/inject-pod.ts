import { rewriteProbes } from './app-probes.ts';
import { overrideContainer } from './container-override.ts';
import { delayStop, graceSecondsOf } from './drain.ts';
import { initContainer } from './init-container.ts';
import { jsonPatch, type PatchOperation } from './json-patch.ts';
import { type Container, INIT_CONTAINER, type Pod, type PodSpec, PROXY_CONTAINER } from './pod.ts';
import { annotated, labelled } from './pod-metadata.ts';
import { type PodOptions, podOptions } from './pod-options.ts';
import { decideInjection, type InjectionNamespace } from './policy.ts';
import { proxyContainer, proxyVolumes } from './proxy-container.ts';
import type { InjectionSettings } from './settings.ts';
import { type WorkloadRef, workloadOf } from './workload-name.ts';

export type Injection =
  | {
      readonly kind: 'injected';
      readonly pod: Pod;
      /** RFC 6902, from the pod as it was. */
      readonly patch: readonly PatchOperation[];
      /** Sentences for the author of the pod. */
      readonly warnings: readonly string[];
    }
  /** @property reason ends the sentence "the pod gets no proxy: ...". */
  | { readonly kind: 'skipped'; readonly reason: string };

/** Gives a pod its proxy where it should have one. The same input gives the same output; a pod that has one is left alone. */
export function injectPod(pod: Pod, namespace: InjectionNamespace, settings: InjectionSettings): Injection {
  const decision = decideInjection(pod, namespace, settings);
  if (decision.kind === 'skip') return { kind: 'skipped', reason: decision.reason };
  const { pod: result, warnings } = withProxy(pod, workloadOf(pod.metadata), settings);
  return { kind: 'injected', pod: result, patch: jsonPatch(pod, result), warnings };
}

/** Gives a pod its proxy whatever the rules say. */
export function withProxy(
  pod: Pod,
  workload: WorkloadRef,
  settings: InjectionSettings,
): { readonly pod: Pod; readonly warnings: readonly string[] } {
  const options = podOptions(pod, settings);
  const network = pod.metadata.labels?.['topology.istio.io/network'] || settings.network;
  const named = labelled(annotated(pod, settings), { workload: workload.name, network, kind: options.kind });
  const isSidecar = options.kind === 'sidecar';
  const { pod: probed, probes } =
    isSidecar && options.rewriteProbes ? rewriteProbes(named) : { pod: named, probes: [] };
  const stopped = isSidecar ? delayStop(withoutProxy(probed), options.stopDelaySeconds) : withoutProxy(probed);
  const graceSeconds = graceSecondsOf(pod.spec);
  const ours = proxyContainer({ options, settings, workload: workload.name, network, probes, graceSeconds });
  const theirs = ownProxy(pod.spec);
  const proxy = theirs ? overrideContainer(ours, theirs) : ours;
  const spec = isSidecar ? sidecarSpec(stopped.spec, proxy, { options, settings }) : gatewaySpec(stopped.spec, proxy);
  const injected = { ...stopped, spec: withVolumes(spec, settings) };
  return { pod: withStatus(injected, settings), warnings: options.warnings };
}

function sidecarSpec(
  spec: PodSpec,
  proxy: Container,
  { options, settings }: { readonly options: PodOptions; readonly settings: InjectionSettings },
): PodSpec {
  const redirect = options.redirect === 'none' ? [] : [initContainer(options.redirect, options, settings)];
  return { ...spec, initContainers: [...redirect, proxy, ...(spec.initContainers ?? [])] };
}

/** Ports below 1024 are bound without a privilege; the sysctl is one that Kubernetes counts as safe. */
function gatewaySpec(spec: PodSpec, proxy: Container): PodSpec {
  const containers = [proxy, ...spec.containers];
  if (spec.hostNetwork || spec.securityContext?.['sysctls'] !== undefined) return { ...spec, containers };
  const sysctls = [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }];
  return { ...spec, securityContext: { ...spec.securityContext, sysctls }, containers };
}

function withoutProxy(pod: Pod): Pod {
  const isOther = ({ name }: Container): boolean => name !== PROXY_CONTAINER && name !== INIT_CONTAINER;
  const { initContainers } = pod.spec;
  const spec = {
    ...pod.spec,
    containers: pod.spec.containers.filter(isOther),
    ...(initContainers ? { initContainers: initContainers.filter(isOther) } : {}),
  };
  return { ...pod, spec };
}

/** A container that a person named like ours, to change it. */
function ownProxy({ containers, initContainers = [] }: PodSpec): Container | undefined {
  return [...containers, ...initContainers].find(({ name }) => name === PROXY_CONTAINER);
}

function withVolumes(spec: PodSpec, { imagePullSecrets }: InjectionSettings): PodSpec {
  const ours = proxyVolumes();
  const theirs = (spec.volumes ?? []).filter(({ name }) => !ours.some((volume) => volume.name === name));
  const known = spec.imagePullSecrets ?? [];
  const secrets = imagePullSecrets.filter((name) => !known.some((each) => each.name === name));
  return {
    ...spec,
    volumes: [...theirs, ...ours],
    ...(secrets.length > 0 ? { imagePullSecrets: [...known, ...secrets.map((name) => ({ name }))] } : {}),
  };
}

/** Says what was added, in Istio's form. */
function withStatus(pod: Pod, { revision, imagePullSecrets }: InjectionSettings): Pod {
  const names = (list: readonly Container[]): readonly string[] =>
    list.map(({ name }) => name).filter((name) => name === INIT_CONTAINER || name === PROXY_CONTAINER);
  const status = {
    initContainers: names(pod.spec.initContainers ?? []),
    containers: names(pod.spec.containers),
    volumes: proxyVolumes().map(({ name }) => name),
    imagePullSecrets: imagePullSecrets.length > 0 ? imagePullSecrets : null,
    revision: revision || 'default',
  };
  const annotations = { ...pod.metadata.annotations, 'sidecar.istio.io/status': JSON.stringify(status) };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}
