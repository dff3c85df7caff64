import type { Diagnostic } from '../../diagnostics/index.ts';
import type { RawObject } from '../../model/index.ts';
import { type Manifest, parseManifest } from '../../sources/index.ts';
import type { MemberCluster } from '../cluster/member-cluster.ts';
import type { ApplyRequest, ApplyResult } from '../fleet-api.ts';
import type { ObjectName } from '../store/stored-object.ts';

/** `kubectl apply -f`: objects with errors are refused, the others are set. */
export function applyManifest(member: MemberCluster, request: ApplyRequest): ApplyResult {
  const { objects, diagnostics } = read(member, request);
  const results = objects.map((raw) => ({ ref: raw.ref, ...member.set(raw) }));
  return {
    objects: results.map(({ ref, action }) => ({ ref, action })),
    diagnostics: [...diagnostics, ...results.flatMap((result) => result.diagnostics)],
  };
}

/** `kubectl delete -f`. */
export function deleteManifest(member: MemberCluster, request: ApplyRequest): ApplyResult {
  const { objects, diagnostics } = read(member, request);
  return { objects: objects.map((raw) => ({ ref: raw.ref, action: member.delete(raw) })), diagnostics };
}

/** `kubectl delete KIND NAME`. */
export function deleteByName(member: MemberCluster, name: ObjectName): ApplyResult {
  const found = member.store.findStored(name);
  const ref = { cluster: member.config.name, ...name };
  if (found.length === 0) return { objects: [{ ref, action: 'not-found' }], diagnostics: [] };
  return { objects: found.map(({ raw }) => ({ ref: raw.ref, action: member.delete(raw) })), diagnostics: [] };
}

function read(
  member: MemberCluster,
  { file, text, namespace }: ApplyRequest,
): { readonly objects: readonly RawObject[]; readonly diagnostics: readonly Diagnostic[] } {
  const manifest: Manifest = parseManifest({ cluster: member.config.name, file, text });
  const objects = manifest.documents.flatMap((document) => document.objects);
  return {
    objects: namespace === undefined ? objects : objects.map((raw) => inNamespace(raw, namespace)),
    diagnostics: manifest.diagnostics,
  };
}

/** Puts an object that names no namespace into this one; those of cluster-scoped kinds have none. */
function inNamespace(raw: RawObject, namespace: string): RawObject {
  const metadata = raw.body['metadata'] as Readonly<Record<string, unknown>>;
  if (raw.ref.namespace === '' || metadata['namespace']) return raw;
  return {
    ...raw,
    ref: { ...raw.ref, namespace },
    meta: { ...raw.meta, namespace },
    body: { ...raw.body, metadata: { ...metadata, namespace } },
  };
}
