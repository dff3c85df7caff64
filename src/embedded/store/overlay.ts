import type { RawObject } from '../../model/index.ts';

/**
 * What controllers know of an object beside what its author wrote: it stays when the author writes a new version,
 * and goes with the object.
 */
export interface Overlay {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339; an object that has it is on its way out. */
  readonly deletionTimestamp?: string;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** The overlay with newer parts laid over it; labels and annotations are joined. */
export function joinOverlays(below: Overlay, above: Overlay): Overlay {
  return {
    ...below,
    ...above,
    ...(below.labels || above.labels ? { labels: { ...below.labels, ...above.labels } } : {}),
    ...(below.annotations || above.annotations ? { annotations: { ...below.annotations, ...above.annotations } } : {}),
  };
}

/** The object as everybody sees it. */
export function withOverlay(base: RawObject, overlay: Overlay): RawObject {
  const { labels, annotations, deletionTimestamp, status } = overlay;
  const given = base.body['metadata'];
  const joined = {
    ...(labels ? { labels: { ...base.meta.labels, ...labels } } : {}),
    ...(annotations ? { annotations: { ...base.meta.annotations, ...annotations } } : {}),
  };
  const metadata = {
    ...(typeof given === 'object' && given !== null ? given : {}),
    ...joined,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
  return {
    ...base,
    meta: { ...base.meta, ...joined },
    body: { ...base.body, metadata, ...(status ? { status } : {}) },
  };
}
