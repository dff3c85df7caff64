import type { Container, Probe } from '../../config/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { ImageCommand } from '../config/fleet-config.ts';
import { COMMAND_ANNOTATION } from '../controllers/annotations.ts';
import type { ShapedPort } from '../controllers/pod-shape.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodSockets } from '../network/pod-network.ts';

/** A port that the application is to listen on. */
export interface AppPort extends ShapedPort {
  readonly listen: SocketAddress;
}

/** What stands for one container on this machine. */
export interface ContainerPlan {
  readonly container: Container;
  /** As `logs -c` names it: `app` for the first container, else the container's own name. */
  readonly logName: string;
  readonly program:
    | { readonly kind: 'command'; readonly argv: readonly string[] }
    | { readonly kind: 'echo' }
    /** Nothing to run: no command is mapped to its image, and it has no port to answer on. */
    | { readonly kind: 'none' };
  readonly ports: readonly AppPort[];
  readonly probe?: Probe;
}

/**
 * What runs for a pod's containers: the command of the annotation `pelagos.dev/command` (first container), the command
 * that fleet.yaml maps to the image, or the built-in echo server. A container's own `command` is for its image, so it is not run.
 */
export function planContainers(
  pod: PodView,
  sockets: PodSockets,
  images: readonly ImageCommand[],
): readonly ContainerPlan[] {
  const { containers } = pod.spec;
  const declared = new Set(containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort)));
  return containers.map((container, index): ContainerPlan => {
    const own = new Set((container.ports ?? []).map(({ containerPort }) => containerPort));
    const ports = pod.ports.flatMap((port): readonly AppPort[] => {
      const listen = sockets.app.get(port.target);
      const isOwn = own.has(port.target) || (index === 0 && !declared.has(port.target));
      return listen && isOwn && port.port === port.target ? [{ ...port, listen }] : [];
    });
    const argv = commandOf(pod, container, { index, images });
    const program = argv
      ? ({ kind: 'command', argv } as const)
      : ports.length > 0
        ? ({ kind: 'echo' } as const)
        : ({ kind: 'none' } as const);
    const { readinessProbe } = container;
    return {
      container,
      logName: index === 0 ? 'app' : container.name,
      program,
      ports,
      ...(readinessProbe ? { probe: readinessProbe } : {}),
    };
  });
}

function commandOf(
  pod: PodView,
  container: Container,
  { index, images }: { readonly index: number; readonly images: readonly ImageCommand[] },
): readonly string[] | undefined {
  const line = pod.annotations[COMMAND_ANNOTATION];
  if (index === 0 && line) return ['/bin/sh', '-c', line];
  const { image } = container;
  if (image === undefined) return undefined;
  const exact = images.find((mapped) => mapped.image === image);
  return (exact ?? images.find((mapped) => mapped.image === repositoryOf(image)))?.argv;
}

/** `registry:5000/web` of `registry:5000/web:v1@sha256:…`. */
function repositoryOf(image: string): string {
  const [name = ''] = image.split('@');
  return name.replace(/:[^:/]*$/, '');
}
