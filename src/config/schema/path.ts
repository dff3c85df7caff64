/** Where a value stands in an object: `['spec', 'http', 0, 'route']`. */
export type Path = readonly (string | number)[];

/** `spec.http[0].route`; keys that are no plain words are quoted: `spec.labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}
