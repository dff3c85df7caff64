import type { ClusterId, RawObject } from '../../model/index.ts';
import { toRawObject } from '../../sources/index.ts';

/** An object that a controller writes. @throws where the body says not what it is: a mistake of the controller. */
export function generatedObject(cluster: ClusterId, by: string, body: Readonly<Record<string, unknown>>): RawObject {
  const raw = toRawObject(body, { cluster, origin: { kind: 'generated', by } });
  if ('problem' in raw) throw new Error(`the ${by} made something that is no object: ${raw.problem}`);
  return raw;
}
