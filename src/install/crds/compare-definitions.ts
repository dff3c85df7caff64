import { isPlain, type Plain, plain } from '../plain.ts';
import { API_VERSION, type Definition } from './definitions.ts';

/** What to do with a definition that is there already. */
export type DefinitionAge = 'same-or-older' | 'newer';

/** Where installers write their version, the surest first. */
const VERSION_FIELDS = ['operator.istio.io/version', 'multicluster.x-k8s.io/release-version'];

/**
 * Is what the cluster has newer than ours? Its version says so where it has one; else it is newer when it has a field or
 * a version of the API that ours has not, since the Istio API only grows.
 */
export function definitionAge(live: Definition, ours: Definition): DefinitionAge {
  const present = definitionVersion(live);
  const own = definitionVersion(ours);
  if (present && own) return compareVersions(present, own) > 0 ? 'newer' : 'same-or-older';
  const known = fieldsOf(ours);
  return [...fieldsOf(live)].some((field) => !known.has(field)) ? 'newer' : 'same-or-older';
}

/** `1.31.1`, or undefined where nobody has written it. */
export function definitionVersion({ metadata }: Definition): string | undefined {
  const texts = [metadata.annotations?.[API_VERSION], ...VERSION_FIELDS.map((field) => metadata.labels?.[field])];
  return texts.map((text) => /^v?(\d+\.\d+\.\d+)/.exec(text ?? '')?.[1]).find((version) => version !== undefined);
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0));
  const difference = [0, 1, 2].map((index) => (left?.[index] ?? 0) - (right?.[index] ?? 0));
  return difference.find((each) => each !== 0) ?? 0;
}

/** `v1:spec.hosts`, every field of every served version. */
function fieldsOf({ spec }: Definition): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const version of spec.versions.filter(({ served }) => served)) {
    fields.add(version.name);
    collect(plain(version.schema?.openAPIV3Schema), `${version.name}:`, fields);
  }
  return fields;
}

function collect(schema: Plain, path: string, fields: Set<string>): void {
  for (const [name, child] of Object.entries(plain(schema['properties']))) {
    fields.add(`${path}.${name}`);
    collect(plain(child), `${path}.${name}`, fields);
  }
  for (const field of ['items', 'additionalProperties']) {
    if (isPlain(schema[field])) collect(schema[field], `${path}[]`, fields);
  }
}
