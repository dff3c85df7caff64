import { parse } from 'yaml';
import { DEFAULT_MESH_CONFIG, type MeshConfig } from '../model/index.ts';

/** What came of the text of a MeshConfig. */
export interface ReadMeshConfig {
  readonly config: MeshConfig;
  /** What is wrong or not acted on, for people. */
  readonly remarks: readonly string[];
}

/** Istio's fields that change nothing here because their meaning is always so. */
const GIVEN: ReadonlySet<string> = new Set([
  'enableAutoMtls',
  'defaultConfig',
  'enablePrometheusMerge',
  'ingressClass',
]);
const ACTED_ON: ReadonlySet<string> = new Set([
  'trustDomain',
  'rootNamespace',
  'outboundTrafficPolicy',
  'accessLogFile',
]);
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;

/**
 * Reads the key `mesh` of the ConfigMap `istio`: Istio's MeshConfig as YAML. A value that cannot be is left at `before`, so
 * that a mistake takes nothing away.
 */
export function readMeshConfig(text: string, before: MeshConfig = DEFAULT_MESH_CONFIG): ReadMeshConfig {
  let fields: Readonly<Record<string, unknown>>;
  try {
    const parsed: unknown = parse(text, { maxAliasCount: 0 }) ?? {};
    if (typeof parsed !== 'object' || Array.isArray(parsed)) return { config: before, remarks: ['it is no map'] };
    fields = parsed as Readonly<Record<string, unknown>>;
  } catch (error) {
    return { config: before, remarks: [`it is no YAML: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const remarks: string[] = [];
  const textOf = (name: 'trustDomain' | 'rootNamespace' | 'accessLogFile', pattern: RegExp): string => {
    const value = fields[name];
    if (value === undefined) return DEFAULT_MESH_CONFIG[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    remarks.push(`${name} is ${JSON.stringify(value)}, which it cannot be`);
    return before[name];
  };
  const unknown = Object.keys(fields).filter((name) => !ACTED_ON.has(name) && !GIVEN.has(name));
  for (const name of unknown) remarks.push(`${name} is not acted on`);
  const { mode } = (fields['outboundTrafficPolicy'] ?? {}) as { readonly mode?: unknown };
  const isMode = mode === 'ALLOW_ANY' || mode === 'REGISTRY_ONLY';
  if (mode !== undefined && !isMode) remarks.push('outboundTrafficPolicy.mode is neither ALLOW_ANY nor REGISTRY_ONLY');
  return {
    config: {
      trustDomain: textOf('trustDomain', TRUST_DOMAIN),
      rootNamespace: textOf('rootNamespace', /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
      accessLogFile: textOf('accessLogFile', /^[\x20-\x7e]*$/),
      outboundTrafficPolicy: isMode
        ? mode
        : mode === undefined
          ? DEFAULT_MESH_CONFIG.outboundTrafficPolicy
          : before.outboundTrafficPolicy,
    },
    remarks,
  };
}

/**
 * Reads YAML that injection takes as it is: the key `values` of the ConfigMap `istio-sidecar-injector`, and `mesh` above. What
 * is none leaves `before`, so that a mistake gives no pod the proxy of another installation.
 */
export function readPlainYaml(text: string, before: unknown): { readonly value: unknown; readonly remark?: string } {
  try {
    return { value: parse(text, { maxAliasCount: 0 }) };
  } catch (error) {
    return { value: before, remark: `it is no YAML: ${error instanceof Error ? error.message : String(error)}` };
  }
}
