import type { CommandSpec } from '../command-spec.ts';
import { FLEET_COMMANDS } from './fleet.ts';
import { OBJECT_COMMANDS } from './objects.ts';
import { POD_COMMANDS } from './pods.ts';
import { PROXY_COMMANDS } from './proxies.ts';

export { GLOBAL_OPTIONS } from './options.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...FLEET_COMMANDS,
  ...POD_COMMANDS,
  ...OBJECT_COMMANDS,
  ...PROXY_COMMANDS,
];
