import { isRecord, type Texts } from './pod.ts';

/** Kubernetes' metav1.LabelSelector. */
export interface LabelSelector {
  readonly matchLabels: Texts;
  readonly matchExpressions: readonly Requirement[];
}

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** @returns undefined for what is no selector, and for an empty one, which would select everything. */
export function parseLabelSelector(value: unknown): LabelSelector | undefined {
  if (!isRecord(value)) return undefined;
  const { matchLabels = {}, matchExpressions = [] } = value;
  if (!isRecord(matchLabels) || !Array.isArray(matchExpressions)) return undefined;
  const labels = Object.fromEntries(Object.entries(matchLabels).map(([key, text]) => [key, String(text)]));
  const requirements = matchExpressions.filter(isRecord).map((each) => ({
    key: String(each['key']),
    operator: String(each['operator']),
    values: Array.isArray(each['values']) ? each['values'].map(String) : [],
  }));
  if (Object.keys(labels).length === 0 && requirements.length === 0) return undefined;
  return { matchLabels: labels, matchExpressions: requirements };
}

export function selects(selector: LabelSelector, labels: Texts): boolean {
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value) &&
    selector.matchExpressions.every((requirement) => meets(requirement, labels[requirement.key]))
  );
}

/** An operator that Kubernetes does not know selects nothing. */
function meets({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
