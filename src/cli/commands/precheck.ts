import type { RunCommand } from '../command-spec.ts';
import { check } from './check.ts';

export const run: RunCommand = (call) => check(call, 'pre');
