/** A CEL rule of a schema (Kubernetes: x-kubernetes-validations), over `self`. */
export interface SchemaRule {
  readonly rule: string;
  readonly message?: string;
}

export type SchemaType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'int-or-string';

/** The form of a value: an OpenAPI v3 schema, reduced to what decides validity. */
export interface Schema {
  /** Index of a shared schema; nothing else is set then. */
  readonly ref?: number;
  readonly type?: SchemaType;
  /** May the value be null? Then it counts as not given. */
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Schema of the values of a map with free keys. */
  readonly values?: Schema;
  /** Are fields allowed that are not named here? */
  readonly open?: boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly default?: unknown;
  /** byte: base64 text. */
  readonly format?: 'byte';
  /** Of each of these groups of fields, at most one may be given. */
  readonly exclusive?: readonly (readonly string[])[];
  readonly rules?: readonly SchemaRule[];
  /** Items of the list must differ in these fields. */
  readonly listKeys?: readonly string[];
}

/** A kind with the schema of its spec. */
export interface KindSchema {
  readonly group: string;
  readonly versions: readonly string[];
  readonly namespaced: boolean;
  readonly specRequired: boolean;
  readonly spec: Schema;
}

/** What the generator writes: all kinds of one source, and the schemas they share. */
export interface SchemaFile {
  readonly source: string;
  readonly kinds: Readonly<Record<string, KindSchema>>;
  readonly shared: readonly Schema[];
}
