import { parse } from 'yaml';
import { type Container, type Fields, isRecord, type Pod, PROXY_CONTAINER, type Texts } from './pod.ts';
import { type ProxyConfig, parseProxyConfig } from './proxy-config.ts';
import { PROXY_UID } from './redirect-rules.ts';
import {
  parseCidrs,
  parseInterfaces,
  parsePorts,
  parseRedirectScope,
  type RedirectScope,
  type RedirectTexts,
  ScopeError,
} from './redirect-scope.ts';
import type { InjectionSettings, ReadinessSettings } from './settings.ts';

/** What one pod gets: the settings, with what its annotations say instead. */
export interface PodOptions {
  readonly kind: 'sidecar' | 'gateway';
  readonly image: string;
  readonly logLevel: string;
  readonly componentLogLevel: string;
  readonly resources: Fields;
  readonly readiness: ReadinessSettings;
  readonly proxyConfig: ProxyConfig;
  readonly redirect: 'none' | RedirectScope;
  readonly rewriteProbes: boolean;
  readonly stopDelaySeconds: number;
  readonly statsPrefixes: readonly string[];
  /** Sentences for the author of the pod. */
  readonly warnings: readonly string[];
}

const SIDECAR = 'sidecar.istio.io/';
const TRAFFIC = 'traffic.sidecar.istio.io/';
const READINESS = 'readiness.status.sidecar.istio.io/';
const PROXY_CONFIG = 'proxy.istio.io/config';
export const TEMPLATES_ANNOTATION = 'inject.istio.io/templates';
export const STOP_DELAY_ANNOTATION = 'pelagos.dev/stop-delay-seconds';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warning', 'warn', 'error', 'critical', 'off'];
/** `misc:error,http:debug` */
const COMPONENT_LEVELS = /^[a-z0-9_]+:[a-z]+(,[a-z0-9_]+:[a-z]+)*$/;
/** Kubernetes' quantity: `100m`, `128Mi`, `1e3`. */
const QUANTITY = /^\d+(\.\d+)?([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;
const IMAGE = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,500}$/;
const MAX_SECONDS = 3_600;
/** They go into the proxy's bootstrap, an argument, of which Linux takes 128 KiB (MAX_ARG_STRLEN). */
const MAX_PREFIXES_TEXT = 8_192;

/** These of Istio's annotations have no meaning here; saying so beats silence. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'sidecar.istio.io/bootstrapOverride': 'the bootstrap cannot be replaced',
  'sidecar.istio.io/nativeSidecar': 'the proxy is always a native sidecar',
  'sidecar.istio.io/agentLogLevel': 'there is no agent beside Envoy',
  'status.sidecar.istio.io/port': 'the proxy answers health checks on port 15021',
  'traffic.sidecar.istio.io/excludeInterfaces': 'no interface is left out',
};

/** Reads a pod's annotations. One that is not understood is left out, with a warning: the pod gets its proxy all the same. */
export function podOptions(pod: Pod, settings: InjectionSettings): PodOptions {
  const reader = new AnnotationReader(pod.metadata.annotations ?? {});
  const kind = templateOf(reader);
  const proxyConfig = { ...settings.proxyConfig, ...reader.read(PROXY_CONFIG, parseConfigText, {}) };
  const statsPrefixes = reader.read(`${SIDECAR}statsInclusionPrefixes`, parsePrefixes, []);
  for (const [name, reason] of Object.entries(WITHOUT_EFFECT)) {
    if (reader.has(name)) reader.warn(`the annotation ${name} has no effect: ${reason}`);
  }
  if (pod.spec.dnsPolicy === 'None' || pod.spec.dnsPolicy === 'Default') {
    reader.warn(`with dnsPolicy ${pod.spec.dnsPolicy} the proxy may not find istiod by its name`);
  }
  for (const { name } of pod.spec.containers.filter(runsAsProxy)) {
    reader.warn(
      `the container ${name} runs as user ${PROXY_UID}, the proxy's: what it calls does not go through the proxy`,
    );
  }
  return {
    kind,
    image: reader.read(`${SIDECAR}proxyImage`, oneLike(IMAGE, 'no image'), settings.image),
    logLevel: reader.read(`${SIDECAR}logLevel`, parseLevel, settings.logLevel),
    componentLogLevel: reader.read(
      `${SIDECAR}componentLogLevel`,
      oneLike(COMPONENT_LEVELS, 'no list of levels by component'),
      settings.componentLogLevel,
    ),
    resources: resourcesOf(reader, settings.resources),
    readiness: {
      initialDelaySeconds: reader.read(
        `${READINESS}initialDelaySeconds`,
        seconds,
        settings.readiness.initialDelaySeconds,
      ),
      periodSeconds: reader.read(`${READINESS}periodSeconds`, seconds, settings.readiness.periodSeconds),
      failureThreshold: reader.read(`${READINESS}failureThreshold`, seconds, settings.readiness.failureThreshold),
    },
    proxyConfig,
    redirect: kind === 'gateway' ? 'none' : redirectOf(reader, settings.redirect),
    rewriteProbes: reader.read(`${SIDECAR}rewriteAppHTTPProbers`, parseFlag, settings.rewriteProbes),
    stopDelaySeconds: reader.read(STOP_DELAY_ANNOTATION, seconds, settings.stopDelaySeconds),
    statsPrefixes: [...(proxyConfig.statsPrefixes ?? []), ...statsPrefixes].filter((prefix) => prefix !== ''),
    warnings: reader.warnings,
  };
}

function runsAsProxy({ name, ...rest }: Container): boolean {
  const context = rest['securityContext'];
  return name !== PROXY_CONTAINER && isRecord(context) && context['runAsUser'] === PROXY_UID;
}

/** Istio's templates that exist here; of a list the first that does. */
function templateOf(reader: AnnotationReader): 'sidecar' | 'gateway' {
  const names = reader.text(TEMPLATES_ANNOTATION)?.split(',') ?? ['sidecar'];
  const [...known] = names.map((name) => name.trim()).filter((name) => name === 'sidecar' || name === 'gateway');
  if (known.length < names.length) {
    reader.warn(
      `the annotation ${TEMPLATES_ANNOTATION} asks for a template that is not known: sidecar and gateway are`,
    );
  }
  return known[0] === 'gateway' ? 'gateway' : 'sidecar';
}

/** Any one of the four annotations goes before all of the settings (Istio). */
function resourcesOf(reader: AnnotationReader, fallback: Fields): Fields {
  const quantity = (name: string): string => reader.read(`${SIDECAR}${name}`, oneLike(QUANTITY, 'no quantity'), '');
  const given = (cpu: string, memory: string): Fields => ({ ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) });
  const requests = given(quantity('proxyCPU'), quantity('proxyMemory'));
  const limits = given(quantity('proxyCPULimit'), quantity('proxyMemoryLimit'));
  const isGiven = (part: Fields): boolean => Object.keys(part).length > 0;
  if (!isGiven(requests) && !isGiven(limits)) return fallback;
  return { ...(isGiven(requests) ? { requests } : {}), ...(isGiven(limits) ? { limits } : {}) };
}

function redirectOf(reader: AnnotationReader, settings: RedirectTexts): PodOptions['redirect'] {
  const mode = reader.text(`${SIDECAR}interceptionMode`) ?? 'REDIRECT';
  if (mode === 'NONE') return 'none';
  if (mode !== 'REDIRECT')
    reader.warn(`the annotation ${SIDECAR}interceptionMode knows REDIRECT and NONE, not ${mode}`);
  const checked = (name: keyof RedirectTexts, check: (text: string) => unknown): string =>
    reader.read(
      `${TRAFFIC}${name}`,
      (text) => (text.trim() === '*' ? '*' : check(text) && text),
      settings[name],
    ) as string;
  const texts: RedirectTexts = {
    includeOutboundIPRanges: checked('includeOutboundIPRanges', parseCidrs),
    excludeOutboundIPRanges: checked('excludeOutboundIPRanges', parseCidrs),
    includeInboundPorts: checked('includeInboundPorts', parsePorts),
    excludeInboundPorts: checked('excludeInboundPorts', parsePorts),
    includeOutboundPorts: checked('includeOutboundPorts', parsePorts),
    excludeOutboundPorts: checked('excludeOutboundPorts', parsePorts),
    kubevirtInterfaces: checked('kubevirtInterfaces', parseInterfaces),
  };
  try {
    return parseRedirectScope(texts);
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    reader.warn(`what is to be redirected is not understood, so all traffic is: ${error.message}`);
    return parseRedirectScope(REDIRECT_ALL);
  }
}

const REDIRECT_ALL: RedirectTexts = {
  includeOutboundIPRanges: '*',
  excludeOutboundIPRanges: '',
  includeInboundPorts: '*',
  excludeInboundPorts: '',
  includeOutboundPorts: '',
  excludeOutboundPorts: '',
  kubevirtInterfaces: '',
};

class AnnotationReader {
  readonly warnings: string[] = [];
  readonly #annotations: Texts;

  constructor(annotations: Texts) {
    this.#annotations = annotations;
  }

  has(name: string): boolean {
    return this.#annotations[name] !== undefined;
  }

  text(name: string): string | undefined {
    return this.#annotations[name];
  }

  warn(text: string): void {
    this.warnings.push(text);
  }

  /** @param parse throws ScopeError with what is wrong. */
  read<T>(name: string, parse: (text: string) => T, fallback: T): T {
    const text = this.#annotations[name];
    if (text === undefined) return fallback;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof ScopeError)) throw error;
      this.warn(`the annotation ${name} is ignored: ${error.message}`);
      return fallback;
    }
  }
}

function parseConfigText(text: string): ProxyConfig {
  let value: unknown;
  try {
    value = text.length > 16_384 ? undefined : parse(text, { maxAliasCount: 0 });
  } catch {
    value = undefined;
  }
  if (!isRecord(value)) throw new ScopeError('it is no YAML of a ProxyConfig');
  return parseProxyConfig(value);
}

function parseFlag(text: string): boolean {
  if (/^(true|1|t|yes)$/i.test(text)) return true;
  if (/^(false|0|f|no)$/i.test(text)) return false;
  throw new ScopeError(`"${text.slice(0, 20)}" is neither true nor false`);
}

function parsePrefixes(text: string): readonly string[] {
  if (text.length > MAX_PREFIXES_TEXT)
    throw new ScopeError(`a list of ${text.length} characters is too long: ${MAX_PREFIXES_TEXT} at most`);
  return text.split(',');
}

function parseLevel(text: string): string {
  if (!LOG_LEVELS.includes(text)) throw new ScopeError(`"${text.slice(0, 20)}" is none of ${LOG_LEVELS.join(', ')}`);
  return text;
}

function seconds(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > MAX_SECONDS)
    throw new ScopeError(`"${text.slice(0, 20)}" is no number from 0 to ${MAX_SECONDS}`);
  return value;
}

function oneLike(pattern: RegExp, problem: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new ScopeError(`"${text.slice(0, 60)}" is ${problem}`);
    return text;
  };
}
