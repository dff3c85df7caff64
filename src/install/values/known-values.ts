/** Which settings there are: what is acted on, what is passed on, and what Istio knows and has no meaning here. */

/** `any`: everything below is taken. `unused`: Istio knows it, and nothing here acts on it. */
export type Known = 'any' | 'unused' | { readonly [key: string]: Known };

/** @param names with blanks between */
function all<const Kind extends 'any' | 'unused'>(kind: Kind, names: string): Readonly<Record<string, Kind>> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, kind]));
}

/** Of a component (IstioOperator's KubernetesResources). */
const K8S: Known = {
  ...all(
    'any',
    `affinity env hpaSpec imagePullPolicy nodeSelector podAnnotations podDisruptionBudget priorityClassName
    replicaCount resources service serviceAnnotations tolerations`,
  ),
  ...all('unused', 'overlays readinessProbe securityContext strategy volumeMounts volumes'),
};
const COMPONENT: Known = {
  enabled: 'any',
  // The Service of the control plane has fixed ports.
  k8s: { ...K8S, service: 'unused' },
  ...all('unused', 'hub namespace tag'),
};
const GATEWAY: Known = {
  enabled: 'any',
  k8s: K8S,
  name: 'any',
  label: 'any',
  ...all('unused', 'hub namespace tag'),
};

/** IstioOperator's `spec`, without `values` and `meshConfig`. */
export const KNOWN_SPEC: { readonly [key: string]: Known } = {
  ...all('any', 'hub namespace profile revision tag'),
  ...all('unused', 'compatibilityVersion installPackagePath unvalidatedValues'),
  components: {
    base: { enabled: 'any', k8s: 'unused' },
    pilot: COMPONENT,
    ingressGateways: GATEWAY,
    egressGateways: GATEWAY,
    ...all('unused', 'cni gateway istiodRemote ztunnel'),
  },
};

const GATEWAY_VALUES: Known = {
  ...all(
    'any',
    `autoscaleEnabled autoscaleMax autoscaleMin labels loadBalancerIP loadBalancerSourceRanges name
    nodeSelector podAnnotations ports replicaCount resources serviceAnnotations tolerations type`,
  ),
  ...all('unused', `customService env externalTrafficPolicy injectionTemplate secretVolumes securityContext`),
};

const PROXY: Known = {
  ...all(
    'any',
    `autoInject clusterDomain componentLogLevel excludeIPRanges excludeInboundPorts excludeOutboundPorts
    holdApplicationUntilProxyStarts image includeIPRanges includeInboundPorts includeOutboundPorts lifecycle
    logLevel privileged readinessFailureThreshold readinessInitialDelaySeconds readinessPeriodSeconds
    resources startupProbe`,
  ),
  ...all('unused', 'enableCoreDump envoyMetricsService outlierLogPath seccompProfile statusPort tracer'),
};

/** Helm's values (charts base, istiod), as they stand below `spec.values`. */
export const KNOWN_VALUES: { readonly [key: string]: Known } = {
  global: {
    ...all(
      'any',
      `configValidation defaultNodeSelector defaultPodDisruptionBudget defaultResources defaultTolerations hub
    imagePullPolicy imagePullSecrets istioNamespace meshID network priorityClassName remotePilotAddress tag`,
    ),
    logging: { level: 'any' },
    trustDomain: 'any',
    // The second spelling is that of older guides; both mean the same.
    multiCluster: { clusterName: 'any', enabled: 'any' },
    multicluster: { clusterName: 'any', enabled: 'any' },
    primary: { enabled: 'any' },
    proxy: PROXY,
    proxy_init: { resources: 'any', ...all('unused', 'forceApplyIptables image') },
    ...all(
      'unused',
      `caAddress caName certSigners configCluster externalIstiod ipFamilies ipFamilyPolicy istiod jwtPolicy
    logAsJson meshNetworks mountMtlsCerts nativeNftables networkPolicy omitSidecarInjectorConfigMap
    oneNamespace operatorManageWebhooks pilotCertProvider platform podDNSSearchNamespaces sds sts tracer
    useMCP variant waypoint`,
    ),
  },
  pilot: {
    ...all(
      'any',
      `affinity autoscaleEnabled autoscaleMax autoscaleMin cpu deploymentLabels env hub image nodeSelector
    podAnnotations podLabels replicaCount resources rollingMaxSurge rollingMaxUnavailable serviceAnnotations
    tag tolerations topologySpreadConstraints traceSampling`,
    ),
    dns: { coredns: 'any' },
    ...all(
      'unused',
      `autoscaleBehavior cni configMap configNamespace configSource enabled envVarFrom extraContainerArgs
    initContainers ipFamilies ipFamilyPolicy jwksResolverExtraRootCA keepaliveMaxServerConnectionAge memory
    plugins seccompProfile serviceAccountAnnotations taint trustedZtunnelName trustedZtunnelNamespace
    variant volumeMounts volumes`,
    ),
  },
  sidecarInjectorWebhook: {
    ...all(
      'any',
      `alwaysInjectSelector enableNamespacesByDefault injectedAnnotations neverInjectSelector
    reinvocationPolicy rewriteAppHTTPProbe applicationStopDelaySeconds`,
    ),
    ...all('unused', 'defaultTemplates objectSelector templates useLegacySelectors'),
  },
  gateways: {
    'istio-ingressgateway': GATEWAY_VALUES,
    'istio-eastwestgateway': GATEWAY_VALUES,
    'istio-egressgateway': GATEWAY_VALUES,
    ...all('unused', 'seccompProfile securityContext'),
  },
  meshConfig: 'any',
  ...all('any', 'revision revisionTags'),
  ...all(
    'unused',
    `base cni compatibilityVersion defaultRevision experimental gatewayClasses istio_cni istiodRemote
    ownerName profile telemetry ztunnel`,
  ),
};

/** Istio's MeshConfig (istio.io/api mesh/v1alpha1): all of it is passed on, what acts is for the control plane to say. */
export const KNOWN_MESH_CONFIG: { readonly [key: string]: Known } = {
  ...all(
    'any',
    `accessLogEncoding accessLogFile accessLogFormat ca caCertificates certificates configSources
    connectTimeout defaultConfig defaultDestinationRuleExportTo defaultHttpRetryPolicy defaultProviders
    defaultServiceExportTo defaultTrafficPolicy defaultVirtualServiceExportTo disableEnvoyListenerLog
    discoverySelectors dnsRefreshRate enableAutoMtls enableEnvoyAccessLogService enablePrometheusMerge
    enableTracing extensionProviders h2UpgradePolicy hboneIdleTimeout inboundClusterStatName
    inboundTrafficPolicy ingressClass ingressControllerMode ingressSelector ingressService localityLbSetting
    meshMTLS outboundClusterStatName outboundTrafficPolicy pathNormalization protocolDetectionTimeout
    proxyHttpPort proxyInboundListenPort proxyListenPort rootNamespace serviceEntryVisibility
    serviceScopeConfigs serviceSettings tcpKeepalive tlsDefaults trustDomain trustDomainAliases
    verifyCertificateAtClient zoneAwareLbSetting`,
  ),
};
