import { type Container, isRecord } from './pod.ts';

/** Lists of Kubernetes whose entries are told apart by one field (strategic merge keys). */
const KEYS: Readonly<Record<string, string>> = {
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
};
/** The image of somebody who leaves the choice to the mesh (Istio). */
const AUTO_IMAGE = 'auto';

/** What the API server writes beside an image without a tag; beside `auto` nobody has asked for it. */
const POLICY_OF_AUTO = 'Always';

/** Our container with what a person wrote into a container of the same name: their fields go before ours. */
export function overrideContainer(ours: Container, theirs: Container): Container {
  const { image, imagePullPolicy, restartPolicy: _kept, ...rest } = theirs;
  const merged = merge(ours, rest, '') as Container;
  const isAuto = image === undefined || image === '' || image === AUTO_IMAGE;
  const hasPolicy = imagePullPolicy !== undefined && !(isAuto && imagePullPolicy === POLICY_OF_AUTO);
  return { ...merged, ...(isAuto ? {} : { image }), ...(hasPolicy ? { imagePullPolicy } : {}) };
}

function merge(ours: unknown, theirs: unknown, field: string): unknown {
  if (theirs === undefined) return ours;
  if (isRecord(ours) && isRecord(theirs)) {
    const fields = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return Object.fromEntries([...fields].map((key) => [key, merge(ours[key], theirs[key], key)]));
  }
  const key = KEYS[field];
  if (key === undefined || !Array.isArray(ours) || !Array.isArray(theirs)) return theirs;
  const named = new Set(theirs.map((entry) => entry[key]));
  return [...ours.filter((entry) => !named.has(entry[key])), ...theirs];
}
