import { TAG } from '../values/defaults.ts';
import { type InstallValues, revisionLabel, revisionSuffix } from '../values/install-values.ts';

/** A part of the installation, as Istio names them (`operator.istio.io/component`). */
export type Component = 'Base' | 'Pilot' | 'IngressGateways' | 'EgressGateways';

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const PRODUCT = 'pelagos';
export const OWNER = 'install.operator.istio.io/owning-resource';
/** Of the program that installed it. */
export const VERSION = 'operator.istio.io/version';
export const COMPONENT = 'operator.istio.io/component';

/**
 * What every object of an installation carries: who put it there, and as part of which revision. The definitions and
 * other parts of `Base` belong to all revisions together, so they name none.
 */
export function ownershipLabels(values: InstallValues, component: Component): Readonly<Record<string, string>> {
  return {
    [MANAGED_BY]: PRODUCT,
    'app.kubernetes.io/part-of': 'istio',
    [COMPONENT]: component,
    [VERSION]: TAG,
    ...(component === 'Base'
      ? { [OWNER]: 'base' }
      : { [OWNER]: owningResource(values), 'istio.io/rev': revisionLabel(values) }),
  };
}

/** The value of {@link OWNER} by which all objects of one revision are found again. */
export function owningResource(values: Pick<InstallValues, 'revision'>): string {
  return `installed-state${revisionSuffix(values)}`;
}
