import { type InjectionNamespace, type InjectionSettings, injectPod, parsePod } from '../../proxies/index.ts';
import { fieldOf, readAdmission } from './admission-request.ts';

/** Who asks: the path of the webhook names the cluster and its network (Istio: `/inject/cluster/<name>/net/<network>`). */
export interface InjectionPath {
  readonly cluster: string;
  readonly network: string;
}

export type ReviewResult =
  | {
      readonly kind: 'answer';
      /** AdmissionReview with a response. */
      readonly review: AdmissionReview;
      readonly outcome: 'injected' | 'skipped';
      /** `default/service-5d8c7f-`: names may not be given yet. */
      readonly pod: string;
      /** Why there is no proxy; empty where there is one. */
      readonly reason: string;
      readonly warnings: readonly string[];
    }
  /** What came is no review of a pod: the answer is HTTP 400 with this text. */
  | { readonly kind: 'malformed'; readonly problem: string };

/** admission.k8s.io/v1. */
export interface AdmissionReview {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: true;
    readonly patchType?: 'JSONPatch';
    /** Base64 of a JSON Patch. */
    readonly patch?: string;
    readonly warnings?: readonly string[];
  };
}

/** Kubernetes cuts longer ones. */
const MAX_WARNING = 256;
const MAX_WARNINGS = 10;

/** @returns undefined where it is no path of injection. Parts that are not given are empty. */
export function parseInjectionPath(path: string): InjectionPath | undefined {
  const [, first, ...rest] = (path.split('?')[0] ?? '').replace(/\/+$/, '').split('/');
  if (first !== 'inject' || rest.length % 2 !== 0) return undefined;
  const parts = new Map<string, string>();
  for (let index = 0; index < rest.length; index += 2) {
    const value = decode(rest[index + 1] ?? '');
    if (value === undefined) return undefined;
    parts.set(rest[index] ?? '', value);
  }
  return { cluster: parts.get('cluster') ?? '', network: parts.get('net') ?? '' };
}

function decode(text: string): string | undefined {
  try {
    // Istio writes a slash in a name as --slash--.
    return decodeURIComponent(text).replaceAll('--slash--', '/');
  } catch {
    return undefined;
  }
}

/**
 * Answers whether and how a pod gets its proxy. A pod is never refused: one that is to have no proxy goes as it is.
 * @param review the body of the request, parsed.
 */
export function reviewInjection(review: unknown, settings: InjectionSettings): ReviewResult {
  const read = readAdmission(review);
  if (read.kind === 'malformed') return read;
  const { request, uid } = read;
  if (fieldOf(fieldOf(request, 'kind'), 'kind') !== 'Pod') {
    return { kind: 'malformed', problem: 'Only pods get a proxy; the rules of the webhook must not send others.' };
  }
  const pod = parsePod(fieldOf(request, 'object'));
  if (typeof pod === 'string') return { kind: 'malformed', problem: `The pod cannot be read: ${pod}.` };
  const namespace: InjectionNamespace = { name: String(fieldOf(request, 'namespace') ?? pod.metadata.namespace ?? '') };
  const name = `${namespace.name}/${pod.metadata.name || (pod.metadata.generateName ?? '')}`;
  const injection = injectPod(pod, namespace, settings);
  if (injection.kind === 'skipped') {
    const { reason } = injection;
    return {
      kind: 'answer',
      review: answer({ uid, allowed: true }),
      outcome: 'skipped',
      pod: name,
      reason,
      warnings: [],
    };
  }
  const warnings = injection.warnings.slice(0, MAX_WARNINGS).map((text) => text.slice(0, MAX_WARNING));
  const response: AdmissionReview['response'] = {
    uid,
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(injection.patch)).toString('base64'),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
  return { kind: 'answer', review: answer(response), outcome: 'injected', pod: name, reason: '', warnings };
}

function answer(response: AdmissionReview['response']): AdmissionReview {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}
