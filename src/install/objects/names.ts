import { type InstallValues, revisionSuffix } from '../values/install-values.ts';

/** Deployment, Service and account of the control plane. */
export function istiodName(values: Pick<InstallValues, 'revision'>): string {
  return `istiod${revisionSuffix(values)}`;
}

/** The host that proxies and webhooks go to, and that the control plane's certificate has. */
export function istiodHost(values: Pick<InstallValues, 'revision' | 'namespace'>): string {
  return `${istiodName(values)}.${values.namespace}.svc`;
}

export function injectorName(values: Pick<InstallValues, 'revision' | 'namespace'>): string {
  const suffix = values.namespace === 'istio-system' ? '' : `-${values.namespace}`;
  return `istio-sidecar-injector${revisionSuffix(values)}${suffix}`;
}

export function validatorName(values: Pick<InstallValues, 'revision' | 'namespace'>): string {
  return `istio-validator${revisionSuffix(values)}-${values.namespace}`;
}

/** Account that other clusters' control planes read this cluster as. */
export const READER_ACCOUNT = 'istio-reader-service-account';
