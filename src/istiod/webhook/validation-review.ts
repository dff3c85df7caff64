/** Whether an object of Istio's API may be stored: by the same check, in the same words, as `pelagos apply` has. Pure. */
import { findKind, parseObject } from '../../config/index.ts';
import { type Diagnostic, formatDiagnostic } from '../../diagnostics/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { toRawObject } from '../../sources/index.ts';
import { fieldOf, readAdmission } from './admission-request.ts';

/** admission.k8s.io/v1. */
export interface ValidationReview {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: {
      readonly status: 'Failure';
      readonly code: 422;
      readonly reason: 'Invalid';
      readonly message: string;
    };
    readonly warnings?: readonly string[];
  };
}

export type ValidationResult =
  | {
      readonly kind: 'answer';
      readonly review: ValidationReview;
      /** `VirtualService default/reviews` */
      readonly object: string;
      /** Codes of what refuses it; empty where it is allowed. */
      readonly refusedBy: readonly string[];
    }
  /** What came is no review: the answer is HTTP 400 with this text. */
  | { readonly kind: 'malformed'; readonly problem: string };

/** Kubernetes cuts longer ones, and leaves out what is over 4096 bytes together. */
const MAX_WARNING = 256;
const MAX_WARNINGS = 10;
/** kubectl prints the whole message. */
const MAX_ERRORS = 10;

/** @param review the body of the request, parsed. */
export function reviewValidation(review: unknown, cluster: ClusterId): ValidationResult {
  const read = readAdmission(review);
  if (read.kind === 'malformed') return read;
  const { request, uid } = read;
  const kind = fieldOf(request, 'kind');
  const name = `${text(fieldOf(kind, 'kind'))} ${text(fieldOf(request, 'namespace'))}/${text(fieldOf(request, 'name'))}`;
  const diagnostics = isOfNoConcern(request) ? [] : check(fieldOf(request, 'object'), cluster);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const refused = errors.length > 0 && !isOldFault(request);
  const remarks = refused ? diagnostics.filter(({ severity }) => severity !== 'error') : diagnostics;
  const warnings = remarks.slice(0, MAX_WARNINGS).map(formatWarning);
  return {
    kind: 'answer',
    object: name,
    refusedBy: refused ? errors.map(({ code }) => code) : [],
    review: {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid,
        allowed: !refused,
        ...(refused ? { status: refusal(errors) } : {}),
        ...(warnings.length > 0 ? { warnings } : {}),
      },
    },
  };
}

/** Deletions always go through; so do kinds that the mesh does not know, which a rule of the webhook may cover. */
function isOfNoConcern(request: unknown): boolean {
  const operation = fieldOf(request, 'operation');
  if (operation !== 'CREATE' && operation !== 'UPDATE') return true;
  if (fieldOf(fieldOf(fieldOf(request, 'object'), 'metadata'), 'deletionTimestamp') !== undefined) return true;
  const kind = fieldOf(request, 'kind');
  return findKind(text(fieldOf(kind, 'group')), text(fieldOf(kind, 'kind'))) === undefined;
}

/** Who changes labels or finalizers of an object that was broken before is not to be held up by its old fault. */
function isOldFault(request: unknown): boolean {
  if (fieldOf(request, 'operation') !== 'UPDATE') return false;
  const [before, after] = ['oldObject', 'object'].map((field) => fieldOf(fieldOf(request, field), 'spec'));
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

function check(object: unknown, cluster: ClusterId): readonly Diagnostic[] {
  const raw = toRawObject(object, { cluster, origin: { kind: 'kubernetes', resourceVersion: '' } });
  return 'problem' in raw ? [] : parseObject(raw).diagnostics;
}

function refusal(errors: readonly Diagnostic[]): NonNullable<ValidationReview['response']['status']> {
  const more = errors.length - MAX_ERRORS;
  const lines = errors.slice(0, MAX_ERRORS).map(formatDiagnostic);
  const message = [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  return { status: 'Failure', code: 422, reason: 'Invalid', message: `\n${message}` };
}

/** Warnings are one line each. */
function formatWarning({ code, message, path, remedy }: Diagnostic): string {
  return `${code} ${message}${path ? ` (${path})` : ''}: ${remedy}`.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_WARNING);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
