const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** @returns what is wrong with a label as Kubernetes defines them, or undefined. */
export function checkLabel(key: string, value: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  const isGoodPrefix = slash < 0 || (slash <= 253 && PREFIX.test(key.slice(0, slash)));
  if (name.length > 63 || !NAME.test(name) || !isGoodPrefix) return `"${key}" cannot be the key of a label`;
  if (value.length > 63 || (value !== '' && !NAME.test(value))) return `"${value}" cannot be the value of a label`;
  return undefined;
}
