/** Where a workload runs (Kubernetes' topology.kubernetes.io labels). Empty parts are unknown. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

export const NO_LOCALITY: Locality = { region: '', zone: '', subzone: '' };

/** `region/zone/subzone` without empty tail, as Istio's localityLbSetting spells it. */
export function formatLocality(locality: Locality): string {
  return [locality.region, locality.zone, locality.subzone].join('/').replace(/\/+$/, '');
}

/** Missing parts are empty. */
export function parseLocality(text: string): Locality {
  const [region = '', zone = '', subzone = ''] = text.split('/');
  return { region, zone, subzone };
}
