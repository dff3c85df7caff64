import type { FieldReader } from './field-reader.ts';
import type { ImageCommand, OutsideHost, OutsidePort } from './fleet-config.ts';

const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;
const MAX_HOSTS = 64;

/** A command line of a shell, or a list that is run as it is. */
export function readCommand(
  reader: FieldReader,
  value: unknown,
  path: readonly (string | number)[],
): readonly string[] | undefined {
  if (typeof value === 'string' && value.trim() !== '') return ['/bin/sh', '-c', value];
  if (Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string' && part !== '')) {
    return value as string[];
  }
  reader.problem(path, 'a command is expected: a text for the shell, or a list with the program and its arguments');
  return undefined;
}

/** Reads `spec.images`: image to local command. */
export function readImages(reader: FieldReader, value: unknown): readonly ImageCommand[] {
  const images = reader.map(value, ['spec', 'images']);
  return Object.entries(images).flatMap(([image, command]) => {
    const argv = readCommand(reader, command, ['spec', 'images', image]);
    return argv ? [{ image, argv }] : [];
  });
}

/** Reads `spec.outside`: the hosts outside the mesh that have a stand-in. */
export function readOutside(reader: FieldReader, value: unknown): readonly OutsideHost[] {
  const items = reader.list(value, ['spec', 'outside']);
  if (items.length > MAX_HOSTS) {
    reader.problem(['spec', 'outside'], `there are ${items.length} hosts; the limit is ${MAX_HOSTS}`);
    return [];
  }
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const path = ['spec', 'outside', index];
    const fields = reader.map(item, path, ['host', 'echo', 'command', 'ports']);
    const host = reader.text(fields['host'], [...path, 'host'])?.toLowerCase();
    if (host === undefined || !HOST.test(host) || seen.has(host)) {
      const problem =
        host !== undefined && seen.has(host)
          ? `${host} is there already`
          : 'a host name is expected, such as api.example.com';
      reader.problem([...path, 'host'], problem);
      return [];
    }
    seen.add(host);
    const argv =
      fields['command'] === undefined ? undefined : readCommand(reader, fields['command'], [...path, 'command']);
    if (fields['echo'] !== undefined && fields['echo'] !== (argv === undefined)) {
      reader.problem([...path, 'echo'], 'echo: true stands for the built-in echo server; give that or a command');
    }
    const ports = readPorts(reader, fields['ports'], [...path, 'ports']);
    return [{ host, ...(argv ? { argv } : {}), ports }];
  });
}

function readPorts(reader: FieldReader, value: unknown, path: readonly (string | number)[]): readonly OutsidePort[] {
  if (value === undefined) return [{ port: 80, protocol: 'http' }];
  return Object.entries(reader.map(value, path)).flatMap(([key, protocol]): readonly OutsidePort[] => {
    const port = Number(key);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      reader.problem([...path, key], 'a port is expected (1 to 65535), such as 80: http');
      return [];
    }
    if (protocol === 'http' || protocol === 'tcp') return [{ port, protocol }];
    reader.problem([...path, key], 'http or tcp is expected');
    return [];
  });
}
