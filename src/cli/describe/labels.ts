export type Labels = Readonly<Record<string, string>>;

/** Does a selector of equal labels (Istio's and a Service's) select these? */
export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
