import { type LabelSelector, parseLabelSelector } from './label-selector.ts';
import { type Fields, isRecord, type Texts } from './pod.ts';
import { NO_PROXY_CONFIG, type ProxyConfig, parseProxyConfig } from './proxy-config.ts';
import type { RedirectTexts } from './redirect-scope.ts';

/** All that injection decides by, besides the pod itself. Made of Istio's values by {@link injectionSettings}. */
export interface InjectionSettings {
  readonly cluster: string;
  readonly network: string;
  readonly meshId: string;
  /** Of the control plane; empty for the default one. */
  readonly revision: string;
  /** Other names for the same revision. */
  readonly revisionTags: readonly string[];
  /** Where the control plane runs. */
  readonly rootNamespace: string;
  /** Complete: `docker.io/pelagos/pelagos:0.1.0`. */
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly imagePullSecrets: readonly string[];
  readonly logLevel: string;
  readonly componentLogLevel: string;
  readonly privileged: boolean;
  /** ResourceRequirements of the proxy, and of the container that redirects. */
  readonly resources: Fields;
  readonly initResources: Fields;
  readonly redirect: RedirectTexts;
  readonly readiness: ReadinessSettings;
  /** How often the start may be asked for, a second apart; 0: the application does not wait for the proxy. */
  readonly startupFailureThreshold: number;
  /** A `lifecycle` to have instead of ours. */
  readonly lifecycle: Fields | undefined;
  readonly rewriteProbes: boolean;
  /** Seconds for which an application goes on after its pod was told to end, so that its callers hear of it first. */
  readonly stopDelaySeconds: number;
  readonly proxyConfig: ProxyConfig;
  readonly autoInject: boolean;
  readonly enableNamespacesByDefault: boolean;
  readonly neverInject: readonly LabelSelector[];
  readonly alwaysInject: readonly LabelSelector[];
  readonly injectedAnnotations: Texts;
}

export interface ReadinessSettings {
  /** Seconds. */
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface InjectionSources {
  /** Helm-style values: the key `values` of the ConfigMap `istio-sidecar-injector`, parsed. */
  readonly values: unknown;
  /** MeshConfig: the key `mesh` of the ConfigMap `istio`, parsed. */
  readonly mesh?: unknown;
  /** From the webhook's path; they go before the values. */
  readonly cluster?: string;
  readonly network?: string;
}

const DEFAULT_HUB = 'docker.io/pelagos';
const DEFAULT_IMAGE = 'pelagos';
const DEFAULT_TAG = '0.1.0';
const DEFAULT_RESOURCES: Fields = {
  requests: { cpu: '100m', memory: '128Mi' },
  limits: { cpu: '2000m', memory: '1024Mi' },
};
/** Ten minutes (Istio). */
const DEFAULT_STARTUP_FAILURES = 600;
/** An endpoint is withdrawn from every proxy within a second; the rest is for slow watches. */
const DEFAULT_STOP_DELAY_SECONDS = 3;

/** Never fails: a value of the wrong type counts as not given, for `install` has told its author. Defaults are Istio's. */
export function injectionSettings(sources: InjectionSources): InjectionSettings {
  const values = new Values(sources.values);
  const cluster = sources.cluster || values.text('global.multiCluster.clusterName') || 'Kubernetes';
  const meshConfig = isRecord(sources.mesh) ? sources.mesh : (values.at('meshConfig') ?? {});
  const defaults = isRecord(meshConfig) ? meshConfig['defaultConfig'] : undefined;
  return {
    cluster,
    network: sources.network || values.text('global.network') || cluster,
    meshId: values.text('global.meshID'),
    revision: revisionOf(values),
    revisionTags: values.texts('revisionTags'),
    rootNamespace: values.text('global.istioNamespace', 'istio-system'),
    image: imageOf(values),
    // Said always: a pod that asked for the image `auto` was given the policy of an image without a tag.
    imagePullPolicy: values.text(
      'global.imagePullPolicy',
      imageOf(values).endsWith(':latest') ? 'Always' : 'IfNotPresent',
    ),
    imagePullSecrets: values.texts('global.imagePullSecrets'),
    logLevel: values.text('global.proxy.logLevel', 'warning'),
    componentLogLevel: values.text('global.proxy.componentLogLevel', 'misc:error'),
    privileged: values.flag('global.proxy.privileged', false),
    resources: values.fields('global.proxy.resources') ?? DEFAULT_RESOURCES,
    initResources: values.fields('global.proxy_init.resources') ?? {},
    redirect: redirectTexts(values),
    readiness: {
      initialDelaySeconds: values.count('global.proxy.readinessInitialDelaySeconds', 0),
      periodSeconds: values.count('global.proxy.readinessPeriodSeconds', 15),
      failureThreshold: values.count('global.proxy.readinessFailureThreshold', 4),
    },
    startupFailureThreshold: values.flag('global.proxy.startupProbe.enabled', true)
      ? values.count('global.proxy.startupProbe.failureThreshold', DEFAULT_STARTUP_FAILURES)
      : 0,
    lifecycle: values.fields('global.proxy.lifecycle'),
    rewriteProbes: values.flag('sidecarInjectorWebhook.rewriteAppHTTPProbe', true),
    stopDelaySeconds: values.count('sidecarInjectorWebhook.applicationStopDelaySeconds', DEFAULT_STOP_DELAY_SECONDS),
    proxyConfig: isRecord(defaults) ? parseProxyConfig(defaults) : NO_PROXY_CONFIG,
    autoInject: values.text('global.proxy.autoInject', 'enabled') !== 'disabled',
    enableNamespacesByDefault: values.flag('sidecarInjectorWebhook.enableNamespacesByDefault', false),
    neverInject: values.selectors('sidecarInjectorWebhook.neverInjectSelector'),
    alwaysInject: values.selectors('sidecarInjectorWebhook.alwaysInjectSelector'),
    injectedAnnotations: textsOf(values.fields('sidecarInjectorWebhook.injectedAnnotations')),
  };
}

/** Istio writes the default revision as nothing, or by its name. */
function revisionOf(values: Values): string {
  const revision = values.text('revision') || values.text('global.revision');
  return revision === 'default' ? '' : revision;
}

function imageOf(values: Values): string {
  const image = values.text('global.proxy.image', DEFAULT_IMAGE);
  if (image.includes('/')) return image;
  return `${values.text('global.hub', DEFAULT_HUB)}/${image}:${values.text('global.tag', DEFAULT_TAG)}`;
}

function redirectTexts(values: Values): RedirectTexts {
  return {
    includeOutboundIPRanges: values.text('global.proxy.includeIPRanges', '*'),
    excludeOutboundIPRanges: values.text('global.proxy.excludeIPRanges'),
    includeInboundPorts: values.text('global.proxy.includeInboundPorts', '*'),
    excludeInboundPorts: values.text('global.proxy.excludeInboundPorts'),
    includeOutboundPorts: values.text('global.proxy.includeOutboundPorts'),
    excludeOutboundPorts: values.text('global.proxy.excludeOutboundPorts'),
    kubevirtInterfaces: '',
  };
}

function textsOf(fields: Fields | undefined): Texts {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([key, value]) => [key, String(value)]));
}

/** Values by their path, each with the type that is asked for. */
class Values {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  at(path: string): unknown {
    return path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), this.#root);
  }

  /** Numbers too: a tag such as `1.2` is one in YAML. Empty counts as not given. */
  text(path: string, fallback = ''): string {
    const value = this.at(path);
    return (typeof value === 'string' || typeof value === 'number') && value !== '' ? String(value) : fallback;
  }

  flag(path: string, fallback: boolean): boolean {
    const value = this.at(path);
    if (value === 'true' || value === 'false') return value === 'true';
    return typeof value === 'boolean' ? value : fallback;
  }

  /** A whole number from 0 on. */
  count(path: string, fallback: number): number {
    const value = Number(this.text(path, String(fallback)));
    return Number.isInteger(value) && value >= 0 ? value : fallback;
  }

  fields(path: string): Fields | undefined {
    const value = this.at(path);
    return isRecord(value) && Object.keys(value).length > 0 ? value : undefined;
  }

  texts(path: string): readonly string[] {
    const value = this.at(path);
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string' && each !== '') : [];
  }

  selectors(path: string): readonly LabelSelector[] {
    const value = this.at(path);
    return Array.isArray(value) ? value.flatMap((each) => parseLabelSelector(each) ?? []) : [];
  }
}
