import { suggest } from '../../diagnostics/index.ts';
import type { ObjectIndex } from '../object-store.ts';
import { formatPath } from '../schema/path.ts';
import type { FindingList } from './finding-list.ts';
import type { MeshKnowledge } from './mesh-knowledge.ts';

/** Secrets and namespaces that objects name. */
export function analyzeReferences(objects: ObjectIndex, knows: MeshKnowledge, findings: FindingList): void {
  analyzeCredentials(objects, findings);
  analyzeNamespaces(objects, knows, findings);
}

/** A Gateway's Secrets are in the namespace of the gateway's pods, so any namespace with such a Secret will do here. */
function analyzeCredentials(objects: ObjectIndex, findings: FindingList): void {
  const names = new Set(objects.ofKind('Secret').map(({ ref }) => ref.name));
  for (const gateway of objects.ofKind('Gateway')) {
    gateway.spec.servers?.forEach(({ tls }, index) => {
      const given = [tls?.credentialName, ...(tls?.credentialNames ?? [])];
      for (const name of given) {
        if (!name || name.includes('://') || names.has(name)) continue;
        const path = ['spec', 'servers', index, 'tls', 'credentialName'];
        const parameters = { field: formatPath(path), kind: 'Secret', name, suggestion: suggest(name, names) };
        findings.add(gateway, { code: 'PEL4012', parameters, path });
      }
    });
  }
}

function analyzeNamespaces(objects: ObjectIndex, knows: MeshKnowledge, findings: FindingList): void {
  const { namespaceExists } = knows;
  if (!namespaceExists) return;
  const known = objects.ofKind('Namespace').map(({ ref }) => ref.name);
  for (const policy of objects.ofKind('AuthorizationPolicy')) {
    policy.spec.rules?.forEach((rule, index) => {
      rule.from?.forEach(({ source }, fromIndex) => {
        source?.namespaces?.forEach((namespace, namespaceIndex) => {
          if (namespace.includes('*') || namespaceExists(namespace)) return;
          const path = ['spec', 'rules', index, 'from', fromIndex, 'source', 'namespaces', namespaceIndex];
          const parameters = { field: formatPath(path), namespace, suggestion: suggest(namespace, known) };
          findings.add(policy, { code: 'PEL4013', parameters, path });
        });
      });
    });
  }
}
