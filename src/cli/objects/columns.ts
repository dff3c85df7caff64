import type { PodStatus } from '../../embedded/fleet-api.ts';
import { formatAge } from '../output/duration.ts';
import { at, type Body, entriesAt, formatLabels, listAt, numberAt, textAt } from './body.ts';

/** What a cell may be made from beside the object. */
export interface CellContext {
  readonly nowMs: number;
  /** The fleet's word on a pod; only for pods. */
  readonly pod?: PodStatus | undefined;
}

export interface Column {
  readonly heading: string;
  readonly cell: (body: Body, context: CellContext) => string;
  /** Only with `-o wide`. */
  readonly isWide?: true;
}

const NONE = '<none>';
const NAME: Column = { heading: 'NAME', cell: (body) => textAt(body, 'metadata', 'name') };
const AGE: Column = { heading: 'AGE', cell: (body, { nowMs }) => formatObjectAge(body, nowMs) };

function column(heading: string, cell: Column['cell']): Column {
  return { heading, cell };
}

function wide(heading: string, cell: Column['cell']): Column {
  return { heading, cell, isWide: true };
}

function formatObjectAge(body: Body, nowMs: number): string {
  const created = Date.parse(textAt(body, 'metadata', 'creationTimestamp'));
  return Number.isNaN(created) ? '<unknown>' : formatAge(nowMs - created);
}

/** `["a","b"]`, as Istio's own columns show lists. */
function jsonList(...path: readonly string[]): Column['cell'] {
  return (body) => (listAt(body, ...path).length > 0 ? JSON.stringify(listAt(body, ...path)) : '');
}

function text(...path: readonly (string | number)[]): Column['cell'] {
  return (body) => textAt(body, ...path);
}

function servicePorts(body: Body): string {
  const ports = listAt(body, 'spec', 'ports').map((port) => {
    const nodePort = textAt(port, 'nodePort');
    return `${textAt(port, 'port')}${nodePort ? `:${nodePort}` : ''}/${textAt(port, 'protocol') || 'TCP'}`;
  });
  return ports.join(',') || NONE;
}

function externalIps(body: Body): string {
  const given = listAt(body, 'status', 'loadBalancer', 'ingress').map(
    (each) => textAt(each, 'ip') || textAt(each, 'hostname'),
  );
  return (
    [...listAt(body, 'spec', 'externalIPs').map(String), ...given].join(',') ||
    textAt(body, 'spec', 'externalName') ||
    NONE
  );
}

function replicas(body: Body): number {
  return at(body, 'spec', 'replicas') === undefined ? 1 : numberAt(body, 'spec', 'replicas');
}

function containers(field: 'name' | 'image'): Column['cell'] {
  return (body) =>
    listAt(body, 'spec', 'template', 'spec', 'containers')
      .map((each) => textAt(each, field))
      .join(',');
}

function ofPod(read: (pod: PodStatus) => string, otherwise: Column['cell']): Column['cell'] {
  return (body, context) => (context.pod ? read(context.pod) : otherwise(body, context));
}

/** Of a pod that the fleet does not run, as its status says. */
function readyContainers(body: Body): string {
  const statuses = listAt(body, 'status', 'containerStatuses');
  return `${statuses.filter((each) => at(each, 'ready') === true).length}/${statuses.length}`;
}

function endpointAddresses(body: Body): string {
  const addresses = listAt(body, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses').map(String));
  return addresses.join(',') || '<unset>';
}

const READY = column('READY', (body) => `${numberAt(body, 'status', 'readyReplicas')}/${replicas(body)}`);
const UP_TO_DATE = column('UP-TO-DATE', (body) => String(numberAt(body, 'status', 'updatedReplicas')));
const AVAILABLE = column('AVAILABLE', (body) => String(numberAt(body, 'status', 'availableReplicas')));
const OF_TEMPLATE: readonly Column[] = [
  wide('CONTAINERS', containers('name')),
  wide('IMAGES', containers('image')),
  wide('SELECTOR', (body) => formatLabels(at(body, 'spec', 'selector', 'matchLabels'))),
];

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    column(
      'READY',
      ofPod(({ containers }) => `${containers.ready}/${containers.total}`, readyContainers),
    ),
    column(
      'STATUS',
      ofPod((pod) => pod.phase, text('status', 'phase')),
    ),
    column(
      'RESTARTS',
      ofPod(
        (pod) => String(pod.restarts),
        () => '0',
      ),
    ),
    AGE,
    wide(
      'IP',
      ofPod((pod) => pod.address || NONE, text('status', 'podIP')),
    ),
    wide('NODE', text('spec', 'nodeName')),
    wide(
      'REASON',
      ofPod((pod) => pod.reason, text('status', 'reason')),
    ),
  ],
  Service: [
    column('TYPE', (body) => textAt(body, 'spec', 'type') || 'ClusterIP'),
    column('CLUSTER-IP', (body) => textAt(body, 'spec', 'clusterIP') || NONE),
    column('EXTERNAL-IP', externalIps),
    column('PORT(S)', servicePorts),
    AGE,
    wide('SELECTOR', (body) => formatLabels(at(body, 'spec', 'selector'))),
  ],
  Deployment: [READY, UP_TO_DATE, AVAILABLE, AGE, ...OF_TEMPLATE],
  StatefulSet: [READY, AGE, ...OF_TEMPLATE.slice(0, 2)],
  DaemonSet: [
    column('DESIRED', (body) => String(numberAt(body, 'status', 'desiredNumberScheduled'))),
    column('READY', (body) => String(numberAt(body, 'status', 'numberReady'))),
    AGE,
    ...OF_TEMPLATE,
  ],
  Job: [
    column(
      'COMPLETIONS',
      (body) => `${numberAt(body, 'status', 'succeeded')}/${numberAt(body, 'spec', 'completions') || 1}`,
    ),
    AGE,
  ],
  Namespace: [column('STATUS', (body) => textAt(body, 'status', 'phase') || 'Active'), AGE],
  ConfigMap: [column('DATA', (body) => String(entriesAt(body, 'data').length)), AGE],
  Secret: [
    column('TYPE', (body) => textAt(body, 'type') || 'Opaque'),
    column('DATA', (body) => String(entriesAt(body, 'data').length + entriesAt(body, 'stringData').length)),
    AGE,
  ],
  EndpointSlice: [
    column('ADDRESSTYPE', text('addressType')),
    column(
      'PORTS',
      (body) =>
        listAt(body, 'ports')
          .map((port) => textAt(port, 'port'))
          .join(',') || '<unset>',
    ),
    column('ENDPOINTS', endpointAddresses),
    AGE,
  ],
  VirtualService: [column('GATEWAYS', jsonList('spec', 'gateways')), column('HOSTS', jsonList('spec', 'hosts')), AGE],
  DestinationRule: [column('HOST', text('spec', 'host')), AGE],
  ServiceEntry: [
    column('HOSTS', jsonList('spec', 'hosts')),
    column('LOCATION', text('spec', 'location')),
    column('RESOLUTION', text('spec', 'resolution')),
    AGE,
  ],
  WorkloadEntry: [AGE, column('ADDRESS', text('spec', 'address'))],
  PeerAuthentication: [column('MODE', text('spec', 'mtls', 'mode')), AGE],
  AuthorizationPolicy: [column('ACTION', (body) => textAt(body, 'spec', 'action') || 'ALLOW'), AGE],
  HTTPRoute: [column('HOSTNAMES', jsonList('spec', 'hostnames')), AGE],
  ServiceImport: [column('TYPE', text('spec', 'type')), column('IP', jsonList('spec', 'ips')), AGE],
};

/** The columns of a kind, the name first, as kubectl shows them. */
export function columnsOf(kind: string, isWide: boolean): readonly Column[] {
  return [NAME, ...(COLUMNS[kind] ?? [AGE])].filter((each) => isWide || !each.isWide);
}
