import { DEFAULT_MESH_CONFIG, type MeshConfig } from '../../model/index.ts';
import type { FieldReader } from './field-reader.ts';

const PATH = ['spec', 'meshConfig'];
const FIELDS = ['trustDomain', 'rootNamespace', 'outboundTrafficPolicy', 'accessLogFile'];
const MODES = ['ALLOW_ANY', 'REGISTRY_ONLY'] as const;

/** Reads `spec.meshConfig`: the part of Istio's MeshConfig that has a meaning here, by Istio's names and defaults. */
export function readMeshConfig(reader: FieldReader, value: unknown): MeshConfig {
  const fields = reader.map(value, PATH, FIELDS);
  const trustDomain = reader.text(fields['trustDomain'], [...PATH, 'trustDomain']) ?? DEFAULT_MESH_CONFIG.trustDomain;
  if (!/^[a-z0-9._-]{1,255}$/.test(trustDomain)) {
    reader.problem([...PATH, 'trustDomain'], 'a SPIFFE trust domain has lower-case letters, digits, "-", "_" and "."');
  }
  const rootNamespace =
    reader.text(fields['rootNamespace'], [...PATH, 'rootNamespace']) ?? DEFAULT_MESH_CONFIG.rootNamespace;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(rootNamespace)) {
    reader.problem([...PATH, 'rootNamespace'], 'a namespace is one DNS label');
  }
  const accessLogFile =
    fields['accessLogFile'] === '' ? '' : reader.text(fields['accessLogFile'], [...PATH, 'accessLogFile']);
  return {
    trustDomain,
    rootNamespace,
    outboundTrafficPolicy: readPolicy(reader, fields['outboundTrafficPolicy']),
    accessLogFile: accessLogFile ?? DEFAULT_MESH_CONFIG.accessLogFile,
  };
}

function readPolicy(reader: FieldReader, value: unknown): MeshConfig['outboundTrafficPolicy'] {
  const path = [...PATH, 'outboundTrafficPolicy'];
  const { mode } = reader.map(value, path, ['mode']);
  if (mode === undefined) return DEFAULT_MESH_CONFIG.outboundTrafficPolicy;
  const found = MODES.find((known) => known === mode);
  if (!found) reader.problem([...path, 'mode'], `${MODES.join(' or ')} is expected`);
  return found ?? DEFAULT_MESH_CONFIG.outboundTrafficPolicy;
}
