import { closestName, type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import { InstallError, installError } from '../install-error.ts';
import { at, flagAt, merge, type Plain, plain, textAt } from '../plain.ts';
import { checkSpec } from './check-values.ts';
import { DEFAULTS } from './defaults.ts';
import { gatewayValues } from './gateway-values.ts';
import type { ClusterRole, InstallValues } from './install-values.ts';
import { PROFILE_SPECS, PROFILES, type Profile } from './profiles.ts';
import { applySettings, parseSetFlag, SetFlagError, type Setting } from './set-flag.ts';
import { isSpecField, parseValuesFile, type ValuesFile, type ValuesLayer, variableName } from './values-layer.ts';

/** What a person gave. */
export interface ValuesRequest {
  /** Later ones on top. */
  readonly files: readonly ValuesFile[];
  /** `--set`, later ones on top of earlier ones and of all files. */
  readonly sets: readonly string[];
  /** `--revision` and `--istioNamespace`: on top of everything. */
  readonly revision?: string | undefined;
  readonly namespace?: string | undefined;
  /** The context's name: that of the cluster where the values have none. */
  readonly context: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ReadValues {
  readonly values: InstallValues;
  /** What was given and does nothing. */
  readonly warnings: readonly Diagnostic[];
}

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A cluster that nobody has named (Istio's `Kubernetes`, as a DNS label). */
const NAMELESS = 'kubernetes';
const MAX_SETS = 1000;

/** Defaults, profile, files and flags as one. @throws InstallError where it cannot be installed like that. */
export function readInstallValues(request: ValuesRequest): ReadValues {
  const layers = request.files.map((file) => parseValuesFile(file, request.env));
  if (request.sets.length > MAX_SETS) {
    throw installError('PEL8001', { source: '--set', reason: `there are more than ${MAX_SETS} of them` });
  }
  const settings = request.sets.flatMap(parseSet);
  const flags: ValuesLayer = { source: '--set', spec: applySettings({}, settings) };
  const profile = readProfile([...layers, flags]);
  const files = layers.reduce<unknown>(
    (spec, layer) => merge(spec, layer.spec),
    merge(DEFAULTS, PROFILE_SPECS[profile]),
  );
  const spec = merge({}, applySettings(files as Plain, settings)) as Plain;
  return {
    values: installValues(spec, profile, request),
    warnings: [...layers, flags].flatMap(({ source, spec: given }) => warningsOf(source, given)),
  };
}

function parseSet(text: string): readonly Setting[] {
  try {
    return parseSetFlag(text).map((setting) => {
      const [first] = setting.path;
      if (first?.kind !== 'key' || isSpecField(first.key)) return setting;
      return { ...setting, path: [{ kind: 'key', key: 'values' }, ...setting.path] };
    });
  } catch (error) {
    if (!(error instanceof SetFlagError)) throw error;
    throw installError('PEL8001', { source: `--set ${text}`, reason: error.message });
  }
}

function readProfile(layers: readonly ValuesLayer[]): Profile {
  const name = layers.map(({ spec }) => textAt(spec, 'profile')).findLast((each) => each !== undefined) ?? 'default';
  const profile = PROFILES.find((each) => each === name);
  if (profile) return profile;
  const closest = closestName(name, PROFILES);
  const reason = `there is no profile "${name}"${closest ? ` - did you mean ${closest}?` : ''} (${PROFILES.join(', ')})`;
  throw installError('PEL8004', { path: 'profile', reason });
}

function warningsOf(source: string, spec: Plain): readonly Diagnostic[] {
  return checkSpec(spec).map(({ kind, path, suggestion }) =>
    kind === 'unknown' ? diagnose('PEL8002', { source, path, suggestion }) : diagnose('PEL8003', { source, path }),
  );
}

function installValues(spec: Plain, profile: Profile, request: ValuesRequest): InstallValues {
  const given = plain(spec['values']);
  const namespace = request.namespace ?? namespaceOf(spec, given);
  const revision = request.revision ?? textAt(spec, 'revision') ?? textAt(given, 'revision') ?? '';
  const cluster = clusterName(given, request.context);
  const network = textAt(given, 'global', 'network') ?? cluster;
  checkLabel('namespace', namespace);
  if (revision !== '') checkLabel('revision', revision);
  const hub = textAt(given, 'global', 'hub') ?? textAt(spec, 'hub') ?? '';
  const tag = textAt(given, 'global', 'tag') ?? textAt(spec, 'tag') ?? '';
  const image = (name: string, own: unknown) =>
    name.includes('/') ? name : `${textAt(own, 'hub') ?? hub}/${name}:${textAt(own, 'tag') ?? tag}`;
  const images = {
    pilot: image(textAt(given, 'pilot', 'image') ?? '', given['pilot']),
    proxy: image(textAt(given, 'global', 'proxy', 'image') ?? '', undefined),
  };
  const values = merge(given, {
    revision,
    global: { hub, tag, istioNamespace: namespace, network, multiCluster: { clusterName: cluster } },
  }) as Plain;
  const role = roleOf(given, profile);
  const components = plain(spec['components']);
  return {
    profile,
    namespace,
    revision,
    cluster,
    network,
    images,
    role,
    hasBase: flagAt(components, 'base', 'enabled'),
    hasPilot: role.kind === 'primary' ? flagAt(components, 'pilot', 'enabled') : false,
    gateways: gatewayValues({ ...spec, values }, network),
    pilotK8s: plain(at(components, 'pilot', 'k8s')),
    meshConfig: merge(plain(given['meshConfig']), plain(spec['meshConfig'])) as Plain,
    values: withoutSpelling(values),
  };
}

function namespaceOf(spec: Plain, values: Plain): string {
  const own = textAt(values, 'global', 'istioNamespace');
  return own !== undefined && own !== textAt(DEFAULTS, 'namespace')
    ? own
    : (textAt(spec, 'namespace') ?? 'istio-system');
}

/** One spelling is enough for those who read it. */
function withoutSpelling(values: Plain): Plain {
  const { multicluster: _, ...global } = plain(values['global']);
  return { ...values, global };
}

function clusterName(values: Plain, context: string): string {
  const named =
    textAt(values, 'global', 'multiCluster', 'clusterName') ?? textAt(values, 'global', 'multicluster', 'clusterName');
  if (named !== undefined) checkLabel('values.global.multiCluster.clusterName', named);
  return named ?? (DNS_LABEL.test(context) ? context : NAMELESS);
}

function checkLabel(path: string, value: string): void {
  if (DNS_LABEL.test(value)) return;
  const reason = `"${value}" is no DNS label: lower-case letters, digits and "-", at most 63 characters`;
  throw installError('PEL8004', { path, reason });
}

function roleOf(values: Plain, profile: Profile): ClusterRole {
  const path = 'values.global.remotePilotAddress';
  const address = textAt(values, 'global', 'remotePilotAddress');
  if (address === undefined) {
    if (profile !== 'remote') return { kind: 'primary' };
    throw installError('PEL8004', { path, reason: 'the profile remote needs the address of the primary' });
  }
  if (flagAt(values, 'global', 'primary', 'enabled')) {
    throw installError('PEL8004', { path, reason: 'a primary (global.primary.enabled) has no remotePilotAddress' });
  }
  const variable = variableName(address);
  if (variable !== undefined) return { kind: 'remote', pilot: { kind: 'variable', name: variable } };
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(address)) {
    throw new InstallError(
      diagnose('PEL8004', { path, reason: `"${address}" is neither an IP address nor a host name` }),
    );
  }
  return { kind: 'remote', pilot: { kind: 'address', address } };
}
