import { findKind } from '../../config/index.ts';
import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import type { ClusterConfig } from '../config/fleet-config.ts';
import type { ClusterStore } from '../store/cluster-store.ts';
import { groupOf, type StoredObject } from '../store/stored-object.ts';

/** API groups whose objects are rules for proxies. */
const RULE_GROUPS: ReadonlySet<string> = new Set([
  'extensions.istio.io',
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
]);

/** Warns of rules in a cluster whose proxies get their rules elsewhere: they would be missed in silence. */
export function unreadRules(store: ClusterStore, { name, primary }: ClusterConfig): readonly Diagnostic[] {
  if (primary === name) return [];
  return store
    .listAll()
    .filter(isRule)
    .map(({ raw }) => {
      const { origin, ref } = raw;
      const parameters = { kind: ref.kind, name: `${ref.namespace}/${ref.name}`, cluster: name, primary };
      const at = origin.kind === 'file' ? { file: origin.file, line: origin.line, column: origin.column } : undefined;
      return diagnose('PEL6010', parameters, { object: ref, ...(at ? { at } : {}) });
    });
}

function isRule({ raw }: StoredObject): boolean {
  const group = groupOf(raw.apiVersion);
  return raw.origin.kind === 'file' && RULE_GROUPS.has(group) && findKind(group, raw.ref.kind) !== undefined;
}
