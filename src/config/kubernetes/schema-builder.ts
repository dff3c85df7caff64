import type { Schema } from '../schema/schema.ts';

/** Schemas of Kubernetes' own kinds are written by hand: the parts that the mesh reads, and the names of the others. */
export const TEXT: Schema = { type: 'string' };
export const INTEGER: Schema = { type: 'integer' };
export const BOOLEAN: Schema = { type: 'boolean' };
export const INT_OR_TEXT: Schema = { type: 'int-or-string' };
/** A value whose form does not matter to the mesh. */
export const ANY: Schema = {};
/** A map of texts: labels, annotations, data. */
export const TEXT_MAP: Schema = { type: 'object', values: TEXT };
/** 1 to 65535. */
export const PORT: Schema = { type: 'integer', minimum: 1, maximum: 65535 };

/** A list of such items. */
export function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** A text of these. */
export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

/**
 * An object with the fields that the mesh reads, and the names of those that it only knows (separated by spaces):
 * any other field is reported.
 */
export function fields(read: Readonly<Record<string, Schema>>, alsoKnown = ''): Schema {
  const names = alsoKnown.split(' ').filter((name) => name !== '');
  return { type: 'object', properties: { ...Object.fromEntries(names.map((name) => [name, ANY])), ...read } };
}

/** The same object, where these fields must be given. */
export function required(schema: Schema, ...names: readonly string[]): Schema {
  return { ...schema, required: names };
}

/** Kubernetes' ObjectMeta. */
export const METADATA: Schema = fields(
  { name: TEXT, namespace: TEXT, labels: TEXT_MAP, annotations: TEXT_MAP },
  'generateName uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds ' +
    'ownerReferences finalizers managedFields selfLink',
);

/** Kubernetes' LabelSelector. */
export const LABEL_SELECTOR: Schema = fields({
  matchLabels: TEXT_MAP,
  matchExpressions: list(
    required(
      fields({ key: TEXT, operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(TEXT) }),
      'key',
      'operator',
    ),
  ),
});
