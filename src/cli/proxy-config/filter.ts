import type { OptionValues } from '../command-spec.ts';
import { listAt, textAt } from '../objects/body.ts';

/** The parts of a cluster's name `outbound|80|v1|reviews.default.svc.cluster.local`; other names are a host alone. */
export interface ClusterName {
  readonly direction: string;
  readonly port: string;
  readonly subset: string;
  readonly host: string;
}

/** Istio's form, and `outbound_.80_.v1_.host` as gateways have it. */
export function parseClusterName(name: string): ClusterName {
  const parts = name.includes('|') ? name.split('|') : name.split('_.');
  const [direction, port, subset, ...host] = parts;
  if (parts.length < 4 || !direction || port === undefined || subset === undefined)
    return { direction: '', port: '', subset: '', host: name };
  return { direction, port, subset, host: host.join(name.includes('|') ? '|' : '_.') };
}

export function matchesCluster(name: string, options: OptionValues): boolean {
  const parts = parseClusterName(name);
  return (
    parts.host.includes(options.text('fqdn') ?? '') &&
    isOne(options.text('port'), parts.port) &&
    isOne(options.text('direction'), parts.direction) &&
    isOne(options.text('subset'), parts.subset)
  );
}

/** No wish, or this value. */
export function isOne(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted.toLowerCase() === value.toLowerCase();
}

/** Where a listener listens: an address and a port, or a name inside of Envoy. */
export function addressOf(resource: unknown): { readonly address: string; readonly port: string } {
  const socket = (field: string): string => textAt(resource, 'address', 'socket_address', field);
  const pipe = textAt(resource, 'address', 'pipe', 'path');
  const internal = textAt(resource, 'address', 'envoy_internal_address', 'server_listener_name');
  if (pipe !== '') return { address: `unix://${pipe}`, port: '' };
  if (internal !== '') {
    const id = textAt(resource, 'address', 'envoy_internal_address', 'endpoint_id');
    return { address: `envoy://${internal}/${id}`, port: '' };
  }
  return { address: socket('address'), port: socket('port_value') };
}

export function matchesListener(listener: unknown, options: OptionValues): boolean {
  const { address, port } = addressOf(listener);
  const names = JSON.stringify(listAt(listener, 'filter_chains'));
  const type = options.text('type')?.toUpperCase();
  const isHttp = names.includes('HttpConnectionManager');
  return (
    isOne(options.text('address'), address) &&
    isOne(options.text('port'), port) &&
    (type === undefined || (type === 'HTTP') === isHttp)
  );
}
