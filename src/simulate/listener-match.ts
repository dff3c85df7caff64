import type { Address } from '../envoy/gen/envoy/config/core/v3/address_pb.ts';
import type { ListenerFilterChainMatchPredicate } from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import type { Listener } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { isWildcardAddress } from './ip-range.ts';
import type { SocketName } from './payload.ts';
import type { ResourceLookup } from './resource-lookup.ts';
import { typedConfigOf, typeOf } from './typed-config.ts';

/** Which inspectors read a connection's first bytes on this listener. */
export interface Inspection {
  readonly tls: boolean;
  readonly http: boolean;
}

const TLS_INSPECTOR = 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector';
const HTTP_INSPECTOR = 'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector';

/** @returns the listener filters that are on for a connection to this port. */
export function inspectionOf(listener: Listener, port: number): Inspection {
  const isOn = (type: string): boolean =>
    listener.listenerFilters.some(
      (filter) =>
        typeOf(typedConfigOf(filter.configType)) === type &&
        !(filter.filterDisabled && coversPort(filter.filterDisabled, port)),
    );
  return { tls: isOn(TLS_INSPECTOR), http: isOn(HTTP_INSPECTOR) };
}

function coversPort(predicate: ListenerFilterChainMatchPredicate, port: number): boolean {
  const { rule } = predicate;
  switch (rule.case) {
    case 'orMatch':
      return rule.value.rules.some((inner) => coversPort(inner, port));
    case 'andMatch':
      return rule.value.rules.every((inner) => coversPort(inner, port));
    case 'notMatch':
      return !coversPort(rule.value, port);
    case 'anyMatch':
      return rule.value;
    case 'destinationPortRange':
      return port >= rule.value.start && port < rule.value.end;
    default:
      return false;
  }
}

/**
 * The listener whose socket takes a connection to this address: the exact address before the wildcard address. Listeners
 * that bind no port only get connections handed over.
 */
export function listenerAt(resources: ResourceLookup, name: SocketName): Listener | undefined {
  return bestAt(resources, name, (listener) => listener.bindToPort !== false);
}

/** The internal listener that an endpoint's `server_listener_name` names. */
export function internalListener(resources: ResourceLookup, name: string): Listener | undefined {
  for (const listener of resources.listeners()) {
    if (listener.name === name && listener.listenerSpecifier.case === 'internalListener') return listener;
  }
  return undefined;
}

/**
 * `use_original_dst`: a listener hands a redirected connection to the one that stands for its original destination, bound
 * or not, and keeps it where there is none.
 */
export function handedOver(resources: ResourceLookup, listener: Listener, destination: SocketName): Listener {
  if (listener.useOriginalDst !== true) return listener;
  return bestAt(resources, destination, (other) => other.name !== listener.name) ?? listener;
}

function bestAt(
  resources: ResourceLookup,
  name: SocketName,
  allowed: (listener: Listener) => boolean,
): Listener | undefined {
  let wildcard: Listener | undefined;
  for (const listener of resources.listeners()) {
    if (!allowed(listener)) continue;
    for (const address of addressesOf(listener)) {
      const socket = socketOf(address);
      if (!socket || socket.port !== name.port) continue;
      if (socket.address === name.address) return listener;
      if (isWildcardAddress(socket.address)) wildcard ??= listener;
    }
  }
  return wildcard;
}

function addressesOf(listener: Listener): readonly (Address | undefined)[] {
  return [listener.address, ...listener.additionalAddresses.map((additional) => additional.address)];
}

/** @returns undefined for pipes, internal addresses and UDP. */
export function socketOf(address: Address | undefined): SocketName | undefined {
  if (address?.address.case !== 'socketAddress') return undefined;
  const { address: host, portSpecifier } = address.address.value;
  return { address: host, port: portSpecifier.case === 'portValue' ? portSpecifier.value : 0 };
}
