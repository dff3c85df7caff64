import { formatObjectRef } from '../../model/index.ts';
import type { ClusterStore } from '../store/cluster-store.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, type SliceBody, slicesOfEndpoints, slicesOfService } from './endpoint-slices.ts';
import { generatedObject } from './generated-object.ts';
import type { PodView } from './pod-view.ts';

/** Brings the store's EndpointSlices in line with its Services and pods. Those that others wrote are left alone. */
export function reconcileEndpointSlices(store: ClusterStore, pods: readonly PodView[]): void {
  const wanted = new Set<string>();
  for (const body of wantedSlices(store, pods)) {
    const raw = generatedObject(store.cluster, 'endpoint slice controller', body);
    wanted.add(formatObjectRef(raw.ref));
    store.set(raw);
  }
  for (const { raw } of store.listStored('EndpointSlice')) {
    const isOurs = raw.meta.labels[MANAGED_BY_LABEL] === MANAGED_BY;
    if (isOurs && !wanted.has(formatObjectRef(raw.ref))) store.delete(raw);
  }
}

function wantedSlices(store: ClusterStore, pods: readonly PodView[]): readonly SliceBody[] {
  return store.list('Service').flatMap((service) => {
    const endpoints = store.get('Endpoints', service.meta.namespace, service.meta.name);
    return [...slicesOfService(service, pods), ...(endpoints ? slicesOfEndpoints(service, endpoints) : [])];
  });
}
