/** The status of an object of Istio's API (istio.io/api, meta/v1alpha1, IstioStatus). Pure. */
import type { Diagnostic } from '../../diagnostics/index.ts';

export interface IstioCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word. */
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly lastTransitionTime?: string;
}

export interface ValidationMessage {
  readonly type: { readonly name: string; readonly code: string };
  readonly level: 'ERROR' | 'WARNING' | 'INFO';
}

export interface IstioStatus {
  readonly conditions?: readonly IstioCondition[];
  readonly validationMessages?: readonly ValidationMessage[];
  readonly observedGeneration?: number;
}

/** What is said of one object, without times. */
export interface Verdict {
  readonly conditions: readonly Omit<IstioCondition, 'lastTransitionTime'>[];
  readonly validationMessages: readonly ValidationMessage[];
}

/** A proxy has refused what was made of an object. */
const NACK = 'PEL5006';
const MAX_MESSAGE = 1024;
const MAX_MESSAGES = 20;
const LEVELS = { error: 'ERROR', warning: 'WARNING', info: 'INFO' } as const;

/**
 * `Accepted`: the object means something and is used; where it is not, the version before stays in use. `Programmed`: no
 * proxy has refused what was made of it. The words are those of the Gateway API, whose tools read them.
 */
export function verdictOf(diagnostics: readonly Diagnostic[]): Verdict {
  const nacks = diagnostics.filter(({ code }) => code === NACK);
  const own = diagnostics.filter(({ code }) => code !== NACK);
  const errors = own.filter(({ severity }) => severity === 'error');
  const messages = own.slice(0, MAX_MESSAGES).map(({ code, message, severity }) => ({
    type: { name: oneLine(message), code },
    level: LEVELS[severity],
  }));
  return {
    conditions: [condition('Accepted', 'Invalid', errors), condition('Programmed', 'RefusedByProxy', nacks)],
    validationMessages: messages,
  };
}

function condition(type: string, reason: string, faults: readonly Diagnostic[]): Verdict['conditions'][number] {
  if (faults.length === 0) return { type, status: 'True', reason: type };
  const message = faults.map(({ code, message, remedy }) => `${code} ${message}. ${remedy}`).join(' ');
  return { type, status: 'False', reason, message: oneLine(message) };
}

/**
 * The status that says the verdict. Conditions of others stay; a time changes only where a condition does.
 * @returns undefined where the object says so already.
 */
export function nextStatus(
  before: IstioStatus,
  verdict: Verdict,
  at: { readonly generation: number; readonly nowMs: number },
): IstioStatus | undefined {
  const ours = new Set(verdict.conditions.map(({ type }) => type));
  const foreign = (before.conditions ?? []).filter(({ type }) => !ours.has(type));
  const conditions = verdict.conditions.map((next): IstioCondition => {
    const last = before.conditions?.find(({ type }) => type === next.type);
    const lastTransitionTime =
      last?.status === next.status && last.lastTransitionTime
        ? last.lastTransitionTime
        : new Date(at.nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
    return { ...next, lastTransitionTime };
  });
  const next: IstioStatus = {
    conditions: [...foreign, ...conditions],
    validationMessages: verdict.validationMessages,
    observedGeneration: at.generation,
  };
  return fingerprint(before) === fingerprint(next) ? undefined : next;
}

/** In one order, whatever order an API server keeps. */
function fingerprint({ conditions = [], validationMessages = [], observedGeneration }: IstioStatus): string {
  const said = conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
  const messages = validationMessages.map(({ type, level }) => [type.name, type.code, level]);
  // An API server may keep a 64 bit number as text.
  return JSON.stringify([said.sort(), messages, Number(observedGeneration ?? -1)]);
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_MESSAGE);
}
