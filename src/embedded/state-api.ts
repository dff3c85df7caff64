/** What may be known of fleets from outside without loading one: where their state is, and who runs. */
export { type Reaped, reapLeftovers } from './process/end-processes.ts';
export { isRunning } from './process/process-table.ts';
export {
  type FleetRecord,
  fleetsFolder,
  parseFleetRecord,
  type StatePaths,
  stateFolderOf,
  statePathsOf,
} from './state-folder.ts';
