/** 8xxx: installing on Kubernetes. */
export const INSTALL = {
  PEL8001: {
    title: 'Values cannot be read',
    severity: 'error',
    message: '{source} cannot be read as values: {reason}',
    cause: 'Without them it is not known what is to be installed, so nothing was changed.',
    remedy: 'Give an IstioOperator document or plain Helm values in YAML, and `--set` as path=value.',
    example: 'istioctl install --set meshConfig.accessLogFile',
  },
  PEL8002: {
    title: 'Unknown setting',
    severity: 'warning',
    message: '{source}: there is no setting {path}{suggestion}',
    cause: 'It is not acted on: what was meant by it does not happen.',
    remedy:
      'Correct its name, or take it out. The settings are those of IstioOperator and of Helm charts base and istiod.',
    example: 'istioctl install --set values.global.meshId=mesh1',
  },
  PEL8003: {
    title: 'Setting without effect',
    severity: 'warning',
    message: '{source}: the setting {path} has no effect here',
    cause: 'Istio has it, and nothing in this control plane acts on it.',
    remedy: 'Take it out, so that nobody relies on it.',
    example: 'istioctl install --set components.cni.enabled=true',
  },
  PEL8004: {
    title: 'Bad setting',
    severity: 'error',
    message: '{path}: {reason}',
    cause: 'It cannot be installed like this, so nothing was changed.',
    remedy: 'Correct the value.',
    example: 'istioctl install --set profile=defualt',
  },
  PEL8005: {
    title: 'Variable without a value',
    severity: 'error',
    message: '{path} is the variable {name}, which the environment does not have',
    cause: 'A shell variable reaches other programs only when it is exported. {found}',
    remedy: 'Run `export {name}=…` before, or write the value into the file.',
    example: 'A file with a variable in it, nothing exported, and several primaries in the kubeconfig.',
  },
  PEL8006: {
    title: 'Address of the primary',
    severity: 'info',
    message:
      'remotePilotAddress {address} is the clusterIP of istiod in {primary}: {cluster} goes to it through {gateway}',
    cause:
      'A clusterIP leads nowhere outside of its own cluster; the east-west gateway of {primary} passes its ports on.',
    remedy: 'Nothing is to be done. Another address that {cluster} reaches can be given as remotePilotAddress.',
    example: 'remotePilotAddress: 10.96.0.17',
  },
  PEL8007: {
    title: 'Another Istio runs here',
    severity: 'error',
    message:
      'there is an Istio that was not installed by this program: Deployment {namespace}/{name} with image {image}',
    cause:
      'Two control planes of one revision would fight for the same webhooks, Services and proxies, so nothing was changed.',
    remedy:
      'Install beside it as a revision of its own (`--revision pelagos`), move namespaces over one by one (`kubectl label namespace NAME istio-injection- istio.io/rev=pelagos`, then restart their pods), and then remove the old one with its own istioctl.',
    example: 'istioctl install in a cluster with a stock Istio.',
  },
  PEL8008: {
    title: 'Not ready in time',
    severity: 'error',
    message: '{object} was not ready within {seconds} s: {reason}',
    cause: 'What was applied stays; the mesh does not work as a whole until this is ready.',
    remedy: '{remedy}',
    example: 'istioctl install --set hub=registry.example.com/nothing-here',
  },
  PEL8009: {
    title: 'Refused by the API server',
    severity: 'error',
    message: '{object} was refused: {reason}',
    cause: 'Objects that were applied before it stay; running the same command again goes on from there.',
    remedy: '{remedy}',
    example: 'istioctl install by somebody who may not create ClusterRoles.',
  },
  PEL8010: {
    title: 'Definitions of another version',
    severity: 'info',
    message:
      '{count} CustomResourceDefinitions are of a newer Istio API ({present}) than ours ({ours}); they stay as they are',
    cause: 'Taking fields away from a definition would break objects that have them.',
    remedy: 'Nothing is to be done. Fields that only the newer version has are not acted on.',
    example: 'A cluster in which a later Istio was installed before.',
  },
  PEL8011: {
    title: 'No primary found',
    severity: 'error',
    message: 'no primary control plane was found for {cluster}: {reason}',
    cause: 'A remote cluster is served by the control plane of another one; without it its proxies would get nothing.',
    remedy: '{remedy}',
    example: 'A remotePilotAddress that belongs to no cluster of the kubeconfig, and is a clusterIP.',
  },
  PEL8012: {
    title: 'API server not reachable from other clusters',
    severity: 'warning',
    message: 'the kubeconfig has {url} as the API server of {cluster}, which {primary} cannot reach',
    cause: "The primary's control plane reads {cluster} at that address, and it means the pod itself there.",
    remedy:
      'Make a remote secret with an address that {primary} reaches: `istioctl create-remote-secret --context {context} --name {cluster} --server https://…`.',
    example: 'Two clusters of kind or minikube.',
  },
  PEL8013: {
    title: 'Nobody to ask',
    severity: 'error',
    message: 'this would change {cluster}, and there is nobody who could be asked',
    cause: 'Without a terminal nobody can say yes.',
    remedy: 'Say it beforehand: `-y` (`--skip-confirmation`). `--dry-run` shows what would change.',
    example: 'istioctl install in CI.',
  },
  PEL8014: {
    title: 'Older version would be installed',
    severity: 'error',
    message: '{cluster} has version {present}; this program would put {ours} in its place',
    cause: 'An older control plane may not understand what the newer one has written.',
    remedy:
      'Use the program of version {present} or later, or `install --force` where the older version is what you want.',
    example: 'istioctl upgrade with an old program.',
  },
  PEL8015: {
    title: 'What to uninstall',
    severity: 'error',
    message: 'it is not said what is to be uninstalled',
    cause: 'Taking away a control plane stops what depends on it, so it has to be named.',
    remedy: 'Give `--revision NAME` (`default` for the one without a name), or `--purge` for everything.',
    example: 'istioctl uninstall',
  },
} as const;
