/**
 * Kubernetes' API over HTTP: one client for the control plane, the installer and the command.
 * Takes a kubeconfig, a pod's own service account or credentials as data; gives requests, streams, tunnels, and objects that are followed.
 * Must never run a program or read a file that a kubeconfig from inside a cluster names, write a credential into a message, or
 * decide what is to be read or written.
 */
export { ApiError, isNotFound } from './api-error.ts';
export type { ApiAccess, ApiServer, KubernetesList, KubernetesObject, RequestOptions } from './api-server.ts';
export { FollowedList, type FollowedListOptions, type ListQuery } from './followed-list.ts';
export { createApiServer } from './http-api-server.ts';
export { connectFromPod } from './in-cluster.ts';
export { type ContextDetails, type Contexts, connectContext, kubeconfigContexts, readContext } from './kubeconfig.ts';
export { type CommandOutcome, execInPod, type PodCommand } from './pod-exec.ts';
export { type PodPort, portForward } from './port-forward.ts';
export type { Listing, ReflectedObjects } from './reflector/reflected-objects.ts';
export { Reflector, type ReflectorState, type ServedKind } from './reflector/reflector.ts';
export { REFLECTOR_TIMING, type ReflectorTiming } from './reflector/timing.ts';
export { parseRemoteKubeconfig } from './remote-kubeconfig.ts';
export { resourcePath } from './resource-path.ts';
export type { WebSocketOptions } from './web-socket.ts';
