import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { COMPONENT, MANAGED_BY, OWNER, PRODUCT } from '../objects/labels.ts';

/** Says which release of its API a definition is of. */
export const API_VERSION = 'pelagos.dev/api-version';

/** A CustomResourceDefinition, as far as anybody here looks into it. */
export interface Definition extends KubernetesObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
}

interface DefinitionFile {
  /** Go modules: `istio.io/api@v1.31.1`. */
  readonly modules: readonly string[];
  readonly definitions: readonly Definition[];
}

/** The definitions that come with this program (made by scripts/crds/generate.ts), as they are to be applied. */
export function readDefinitions(): readonly Definition[] {
  const bytes = readFileSync(new URL('./istio.json.gz', import.meta.url));
  const { modules, definitions } = JSON.parse(gunzipSync(bytes).toString('utf8')) as DefinitionFile;
  return definitions.map((definition) => {
    const module = modules.find((each) => isOf(each, definition.spec.group)) ?? '';
    return {
      ...definition,
      metadata: {
        name: definition.metadata.name,
        labels: {
          ...(definition.spec.group.endsWith('.x-k8s.io') ? definition.metadata.labels : {}),
          [MANAGED_BY]: PRODUCT,
          'app.kubernetes.io/part-of': 'istio',
          [COMPONENT]: 'Base',
          [OWNER]: 'base',
        },
        annotations: {
          ...definition.metadata.annotations,
          [API_VERSION]: module.replace(/^.*@v/, ''),
        },
      },
    };
  });
}

function isOf(module: string, group: string): boolean {
  return group.endsWith('.istio.io') ? module.startsWith('istio.io/') : module.startsWith('sigs.k8s.io/mcs-api@');
}
