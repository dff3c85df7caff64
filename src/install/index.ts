/**
 * Install: from values to a control plane that runs in a cluster. Takes values as people write them (IstioOperator, Helm,
 * `--set`) and an API server; gives objects, applies them in order, waits for them and removes what is no longer wanted.
 * Must never ask a person, print, choose a cluster, or touch an object that an installation of ours has not made.
 */
export { applyObject, type Change, type ObjectChange } from './apply/apply-objects.ts';
export { istiodVersion } from './apply/installed-version.ts';
export { findOtherIstio, type OtherIstio } from './apply/other-istio.ts';
export type { Fault } from './apply/pod-fault.ts';
export { objectName } from './apply/resources.ts';
export { compareVersions } from './crds/compare-definitions.ts';
export { readDefinitions } from './crds/definitions.ts';
export { type InstallEvent, type InstallOptions, install } from './install.ts';
export { InstallError } from './install-error.ts';
export { plainReaderAccess } from './objects/base.ts';
export { type InstallStep, type MeshFacts, meshObjects, meshSteps } from './objects/mesh-objects.ts';
export { type Remnant, remnants } from './remnants.ts';
export {
  type ChosenPilot,
  type ClusterContext,
  choosePilot,
  findPrimaries,
  gatewayAddress,
  type Primary,
  waitUntilServed,
} from './remote/primary.ts';
export {
  isLoopback,
  type ReaderAccount,
  type ReaderToken,
  type RemoteCluster,
  type RemoteSecretKind,
  readerAccount,
  readerToken,
  remoteSecret,
} from './remote/remote-secret.ts';
export { type NameState, waitForName } from './remote/resolved-names.ts';
export { type UninstallOptions, type UninstallScope, uninstall } from './uninstall.ts';
export { TAG } from './values/defaults.ts';
export type { ClusterRole, GatewayValues, InstallValues, PilotAddress } from './values/install-values.ts';
export { PROFILES, type Profile } from './values/profiles.ts';
export { type ReadValues, readInstallValues, type ValuesRequest } from './values/read-install-values.ts';
export { type SettingRow, settingsReference } from './values/settings-reference.ts';
export type { ValuesFile } from './values/values-layer.ts';
