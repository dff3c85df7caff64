import type { Kind, SpecByKind } from './config-object.ts';
import { METADATA } from './kubernetes/schema-builder.ts';
import type { KindSchema, Schema, SchemaFile } from './schema/schema.ts';
import istio from './schemas/istio.gen.json' with { type: 'json' };
import type { Subject } from './subject.ts';

const ISTIO = istio as SchemaFile;

/** How objects of one kind are read. */
export interface KindDefinition {
  readonly kind: Kind;
  /** Empty: Kubernetes' core group. */
  readonly group: string;
  readonly versions: readonly string[];
  readonly namespaced: boolean;
  /** Objects of Kubernetes itself: unknown fields are warned of, and null is the same as not given. */
  readonly core: boolean;
  /** Are the object's own top-level fields what it says? Else its spec. */
  readonly bare: boolean;
  /** Of the whole document. */
  readonly schema: Schema;
  /** What the schema cannot say. Runs only on specs that fit the schema. */
  readonly validate: (spec: unknown, subject: Subject) => void;
  /** Fills in defaults that the schema cannot say. */
  readonly complete: (spec: unknown) => unknown;
}

/** The parts of a kind that are code. */
export interface KindCode<K extends Kind> {
  readonly validate?: (spec: SpecByKind[K], subject: Subject) => void;
  readonly complete?: (spec: SpecByKind[K]) => SpecByKind[K];
}

/** A kind of Istio's, by its generated schema. */
export function istioKind<K extends Kind>(kind: K, code: KindCode<K> = {}): KindDefinition {
  const { group, versions, namespaced, spec, specRequired } = ISTIO.kinds[kind] as KindSchema;
  return {
    kind,
    group,
    versions,
    namespaced,
    core: false,
    bare: false,
    schema: documentSchema({ spec, status: {} }, specRequired),
    ...behaviour(code),
  };
}

/** What a kind of Kubernetes itself needs beside its code. */
export interface CoreKind {
  readonly group: string;
  readonly versions?: readonly string[];
  readonly namespaced?: boolean;
  readonly spec?: Schema;
  readonly specRequired?: boolean;
  readonly status?: Schema;
  /** Instead of a spec. */
  readonly fields?: Readonly<Record<string, Schema>>;
}

/** A kind of Kubernetes itself, by a schema written by hand. */
export function coreKind<K extends Kind>(kind: K, core: CoreKind, code: KindCode<K> = {}): KindDefinition {
  const body = core.fields ?? { spec: core.spec ?? {}, status: core.status ?? {} };
  return {
    kind,
    group: core.group,
    versions: core.versions ?? ['v1'],
    namespaced: core.namespaced ?? true,
    core: true,
    bare: core.fields !== undefined,
    schema: documentSchema(body, core.specRequired ?? false),
    ...behaviour(code),
  };
}

function behaviour<K extends Kind>(code: KindCode<K>): Pick<KindDefinition, 'validate' | 'complete'> {
  return {
    validate: (spec, subject) => code.validate?.(spec as SpecByKind[K], subject),
    complete: (spec) => code.complete?.(spec as SpecByKind[K]) ?? spec,
  };
}

function documentSchema(body: Readonly<Record<string, Schema>>, specRequired: boolean): Schema {
  return {
    type: 'object',
    properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: METADATA, ...body },
    ...(specRequired ? { required: ['spec'] } : {}),
  };
}

/** Follows a reference into the schemas that the generated kinds share. */
export function resolveSchema(schema: Schema): Schema {
  return schema.ref === undefined ? schema : (ISTIO.shared[schema.ref] ?? {});
}
