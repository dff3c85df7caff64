import type { Diagnostic } from '../diagnostics/index.ts';
import { suggest } from '../diagnostics/index.ts';
import type { RawObject } from '../model/index.ts';
import type { ConfigObject } from './config-object.ts';
import { reportForeignKind } from './foreign-kind.ts';
import { type KindDefinition, resolveSchema } from './kind-definition.ts';
import { findKind } from './kinds.ts';
import { ObjectReport, type Report } from './object-report.ts';
import { checkAt, isRecord } from './schema/check-value.ts';
import { subjectOf } from './subject.ts';

/** What came of an object: itself where it can be used, and what is to be said of it. */
export interface ParsedObject {
  /** Not given where there is an error, or where the mesh does not act on the kind. */
  readonly object?: ConfigObject;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads an object strictly: by the schema of its kind (Istio's CustomResourceDefinitions with their CEL rules), then by
 * what Istio's own validation asks for beyond the schema. Depends on nothing but the object itself.
 */
export function parseObject(raw: RawObject): ParsedObject {
  const report = new ObjectReport(raw);
  const { group, version } = splitApiVersion(raw.apiVersion);
  const definition = findKind(group, raw.ref.kind);
  if (!definition) {
    reportForeignKind(group, raw.ref.kind, report);
    return { diagnostics: report.diagnostics };
  }
  if (!definition.versions.includes(version)) {
    const versions = definition.versions.join(', ');
    report.add(
      'PEL2011',
      { kind: definition.kind, version: version + suggest(version, definition.versions), versions },
      ['apiVersion'],
    );
  }
  checkNames(raw, definition, report);
  const document = checkAt(raw.body, definition.schema, [], {
    report,
    resolve: resolveSchema,
    core: definition.core,
  });
  if (report.errorCount > 0 || !isRecord(document)) return { diagnostics: report.diagnostics };
  const spec = specOf(document, definition);
  definition.validate(spec, subjectOf(raw, report));
  if (report.errorCount > 0) return { diagnostics: report.diagnostics };
  return {
    object: toConfigObject(raw, definition, definition.complete(spec), document['status']),
    diagnostics: report.diagnostics,
  };
}

function specOf(document: Record<string, unknown>, definition: KindDefinition): unknown {
  if (!definition.bare) return document['spec'] ?? {};
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...fields } = document;
  return fields;
}

function toConfigObject(raw: RawObject, definition: KindDefinition, spec: unknown, status: unknown): ConfigObject {
  const { apiVersion, ref, meta, origin, positionOf } = raw;
  const object = {
    kind: definition.kind,
    apiVersion,
    ref,
    meta,
    spec,
    ...(status === undefined ? {} : { status }),
    origin,
    ...(positionOf ? { positionOf } : {}),
  };
  // The definition's schema is what makes this true; the compiler cannot follow it.
  return object as unknown as ConfigObject;
}

function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.lastIndexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function checkNames(raw: RawObject, definition: KindDefinition, report: Report): void {
  const { name, namespace } = raw.ref;
  if (name.length > 253 || !DNS_SUBDOMAIN.test(name)) {
    report.add('PEL1009', { value: name, what: 'name' }, ['metadata', 'name']);
  }
  if (definition.namespaced && !DNS_LABEL.test(namespace)) {
    report.add('PEL1009', { value: namespace, what: 'namespace' }, ['metadata', 'namespace']);
  }
}
