import type { Container, Fields, Pod, PodSpec } from './pod.ts';
import { ADMIN_PORT } from './redirect-rules.ts';

/**
 * How pods end without losing a request; docs/decisions say why so. Kubernetes runs the `preStop` hooks of all containers
 * at once when a pod is told to end, then signals the main containers, and the native sidecars when those have ended.
 */

/** Istio's, for what one network's pods send to another's. */
const CROSS_NETWORK_PORT = 15443;
const ADMIN = `http://127.0.0.1:${ADMIN_PORT}`;
/** Kubernetes' default. */
export const DEFAULT_GRACE_SECONDS = 30;
/** Istio: terminationDrainDuration. */
const DEFAULT_GATEWAY_DRAIN_SECONDS = 5;
/** By then nobody is sent to a pod that is being ended: kube-proxy waits for a second at most. */
const WITHDRAWN_SECONDS = 2;
/** Left of the grace period for the signal and the end itself. */
const RESERVE_SECONDS = 2;

export interface DrainSpec {
  readonly options: {
    readonly kind: 'sidecar' | 'gateway';
    readonly proxyConfig: { readonly terminationDrainSeconds?: number };
  };
  readonly graceSeconds: number;
}

/**
 * The proxy's `preStop`. A sidecar tells its callers to go elsewhere and goes on serving until the application has ended.
 * A gateway does so too, then waits until its endpoint is withdrawn everywhere, and until no request is in progress. It sees
 * nothing in connections that it only passes on: when they can lead here no more, it says that it does not serve any longer,
 * by which the control plane sends the clients of other networks elsewhere. They take at most as long again to leave.
 */
export function drainHook({ options, graceSeconds }: DrainSpec): Fields {
  const direction = options.kind === 'sidecar' ? '&inboundonly' : '';
  const drain = `curl -s -m 2 -o /dev/null -X POST '${ADMIN}/drain_listeners?graceful&skip_exit${direction}'`;
  if (options.kind === 'sidecar') return exec(`${drain} || true`);
  const longest = Math.max(0, graceSeconds - RESERVE_SECONDS);
  const least = Math.min(options.proxyConfig.terminationDrainSeconds ?? DEFAULT_GATEWAY_DRAIN_SECONDS, longest);
  const active = `curl -g -s -m 1 '${ADMIN}/stats?filter=^http[.].*[.]downstream_rq_active$'`;
  const isBusy = `${active} | grep -vE '^http[.](admin|health|stats)[.]' | grep -qE ': [1-9]'`;
  const passing = `curl -g -s -m 1 '${ADMIN}/stats?filter=^listener[.].*_${CROSS_NETWORK_PORT}[.]downstream_cx_active$'`;
  const isPassing = `${passing} | grep -qE ': [1-9]'`;
  const withdrawn = Math.min(WITHDRAWN_SECONDS, longest);
  const leave = `curl -s -m 2 -o /dev/null -X POST '${ADMIN}/healthcheck/fail'`;
  const goesOn = `[ $i -lt ${least} ] || ${isBusy} || { [ $i -lt ${2 * least} ] && ${isPassing}; }`;
  const wait = `i=${withdrawn}; while [ $i -lt ${longest} ] && { ${goesOn}; }; do sleep 1; i=$((i+1)); done`;
  return exec(`${drain}; sleep ${withdrawn}; ${leave}; ${wait}; true`);
}

function exec(script: string): Fields {
  return { preStop: { exec: { command: ['sh', '-c', script] } } };
}

export function graceSecondsOf(spec: PodSpec): number {
  return spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
}

/**
 * Lets an application go on for a moment after its pod was told to end: many end at once, while callers still know their
 * address. One that has a `preStop` of its own knows better, and a short grace period is not used up.
 */
export function delayStop(pod: Pod, seconds: number): Pod {
  const delay = Math.min(seconds, Math.floor(graceSecondsOf(pod.spec) / 2));
  if (delay < 1) return pod;
  const delayed = (container: Container): Container =>
    container.lifecycle?.preStop
      ? container
      : { ...container, lifecycle: { ...container.lifecycle, preStop: { sleep: { seconds: delay } } } };
  return { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map(delayed) } };
}
