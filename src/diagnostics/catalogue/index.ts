import { COMMAND } from './command.ts';
import { FLEET } from './fleet.ts';
import { INSTALL } from './install.ts';
import { READING } from './reading.ts';
import { REFERENCES } from './references.ts';
import { RUNNING } from './running.ts';
import { SCHEMA } from './schema.ts';
import { SEMANTICS } from './semantics.ts';

/** Every diagnostic there is. The reference page is made from it. */
export const CATALOGUE: typeof READING &
  typeof SCHEMA &
  typeof SEMANTICS &
  typeof REFERENCES &
  typeof RUNNING &
  typeof FLEET &
  typeof COMMAND &
  typeof INSTALL = {
  ...READING,
  ...SCHEMA,
  ...SEMANTICS,
  ...REFERENCES,
  ...RUNNING,
  ...FLEET,
  ...COMMAND,
  ...INSTALL,
};
