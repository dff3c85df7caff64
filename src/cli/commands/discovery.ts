import { runDiscovery } from '../../istiod/index.ts';
import type { RunCommand } from '../command-spec.ts';

export const run: RunCommand = async ({ env }) => await runDiscovery(env);
