/**
 * Processes on this machine. Takes what to run, gives processes that are kept running and end with all they started,
 * also when the owner was killed. Must never end a process that it did not start.
 */
export { type BackOff, DEFAULT_BACK_OFF } from './back-off.ts';
export { type Reaped, reapLeftovers } from './end-processes.ts';
export { tailOfLog } from './log-file.ts';
export { ProcessGroup } from './process-group.ts';
export { formatProcessEnd, type ProcessSpec } from './process-spec.ts';
export { isRunning, startTimeOf } from './process-table.ts';
export { SupervisedProcess } from './supervised-process.ts';
