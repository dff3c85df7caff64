import type { CommandGroup, CommandSpec } from '../command-spec.ts';
import { ANALYSIS_COMMANDS } from './analysis.ts';
import { CLUSTER_COMMANDS } from './clusters.ts';
import { FLEET_COMMANDS } from './fleet.ts';
import { INSTALL_COMMANDS } from './install.ts';
import { OBJECT_COMMANDS } from './objects.ts';
import { POD_COMMANDS } from './pods.ts';
import { PROXY_COMMANDS } from './proxies.ts';
import { SERVER_COMMANDS } from './server.ts';

export { GLOBAL_OPTIONS } from './options.ts';

/** First words of commands that have two. */
export const GROUPS: readonly CommandGroup[] = [
  { name: 'admin', aliases: ['istiod'], summary: 'look at istiod itself, and set what it logs' },
  { name: 'manifest', aliases: [], summary: 'what an installation consists of' },
  { name: 'experimental', aliases: ['x', 'exp'], summary: 'commands that may still change' },
];

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...FLEET_COMMANDS,
  ...INSTALL_COMMANDS,
  ...POD_COMMANDS,
  ...OBJECT_COMMANDS,
  ...PROXY_COMMANDS,
  ...ANALYSIS_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...SERVER_COMMANDS,
];
