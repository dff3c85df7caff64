/**
 * Embedded: clusters on one machine. Takes a folder of plain manifests, gives a running fleet: an object store,
 * controllers and a kubelet per cluster, workloads and Envoys as processes, control planes, and the control socket.
 * Must never decide what traffic does, nor listen anywhere but on the loopback interface and in its state folder.
 */
export type { ClusterConfig, FleetConfig, ImageCommand, OutsideHost, OutsidePort } from './config/fleet-config.ts';
export { FLEET_FILE, type FleetReading, parseFleetConfig, readFleetConfig } from './config/read-fleet-config.ts';
export { Fleet, type FleetOptions, startFleet } from './fleet.ts';
export type * from './fleet-api.ts';
export { clearLeftovers, type Leftovers, readFleetRecord } from './fleet-claim.ts';
export { FleetError, type FleetErrorCode } from './fleet-error.ts';
export {
  type FleetRecord,
  fleetsFolder,
  formatFleetRecord,
  parseFleetRecord,
  type StatePaths,
  stateFolderOf,
  statePathsOf,
} from './state-folder.ts';
