import { type InjectionSettings, injectionSettings, injectPod, type Pod } from '../../src/proxies/index.ts';

export const SETTINGS: InjectionSettings = injectionSettings({
  values: { global: { meshID: 'mesh1', hub: 'registry.example', tag: 'test' } },
  cluster: 'cluster1',
  network: 'network1',
});

/** A pod of a Deployment `service` as the API server sends it to the webhook. */
export function appPod(
  change: { readonly spec?: object; readonly labels?: object; readonly annotations?: object } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'service-5d8c7f-',
      namespace: 'default',
      labels: { app: 'service', version: 'v1', 'pod-template-hash': '5d8c7f', ...change.labels },
      ...(change.annotations ? { annotations: { ...change.annotations } } : {}),
      ownerReferences: [{ kind: 'ReplicaSet', name: 'service-5d8c7f', controller: true }],
    },
    spec: {
      serviceAccountName: 'default',
      containers: [{ name: 'app', image: 'registry.example/app:1', ports: [{ containerPort: 8080, name: 'http' }] }],
      ...change.spec,
    },
  };
}

/** @throws Error where the pod gets no proxy. */
export function injected(pod: Pod, settings: InjectionSettings = SETTINGS): Pod {
  const result = injectPod(pod, { name: 'default' }, settings);
  if (result.kind === 'skipped') throw new Error(result.reason);
  return result.pod;
}
