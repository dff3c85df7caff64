import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { UInt32ValueSchema } from '@bufbuild/protobuf/wkt';
import { type FramedField, frameField, frameJoined, joinFields } from './framed-field.ts';
import { LocalitySchema } from './gen/envoy/config/core/v3/base_pb.ts';
import { LbEndpointSchema } from './gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import { ClusterLoadAssignment_PolicySchema } from './gen/envoy/config/endpoint/v3/endpoint_pb.ts';

/*
 * Endpoints change often and come in thousands, so a ClusterLoadAssignment is not encoded but joined: each endpoint is
 * encoded once, and a change copies bytes. The field numbers are those of envoy/config/endpoint/v3/endpoint.proto and
 * endpoint_components.proto; the test holds the result byte for byte against the general encoder.
 */

/** An `LbEndpoint`, encoded once, for every load assignment it is in. */
export type EncodedEndpoint = FramedField;

/** A `LocalityLbEndpoints` with its endpoints, encoded. */
export type EncodedLocality = FramedField;

/** The endpoints of one place and priority. */
export interface LocalityFragment {
  /** Left out where the place is not known. */
  readonly locality?: MessageInitShape<typeof LocalitySchema>;
  readonly endpoints: readonly EncodedEndpoint[];
  /** Relative to the other localities of its priority; left out for none. */
  readonly weight?: number;
  /** 0 is used first; Envoy wants priorities without gaps. */
  readonly priority: number;
}

/** The endpoints of one Envoy cluster. */
export interface LoadAssignmentFragment {
  readonly clusterName: string;
  readonly localities: readonly EncodedLocality[];
  readonly policy?: MessageInitShape<typeof ClusterLoadAssignment_PolicySchema>;
}

/** Encodes one endpoint (LocalityLbEndpoints.lb_endpoints, field 2). */
export function encodeEndpoint(endpoint: MessageInitShape<typeof LbEndpointSchema>): EncodedEndpoint {
  return frameField(2, toBinary(LbEndpointSchema, create(LbEndpointSchema, endpoint)));
}

/** Joins the endpoints of a locality (ClusterLoadAssignment.endpoints, field 2). */
export function joinLocality(fragment: LocalityFragment): EncodedLocality {
  const fields: FramedField[] = [];
  if (fragment.locality) {
    fields.push(frameField(1, toBinary(LocalitySchema, create(LocalitySchema, fragment.locality))));
  }
  for (const endpoint of fragment.endpoints) fields.push(endpoint);
  if (fragment.weight !== undefined) {
    const weight = create(UInt32ValueSchema, { value: fragment.weight });
    fields.push(frameField(3, toBinary(UInt32ValueSchema, weight)));
  }
  if (fragment.priority !== 0) fields.push(priorityField(fragment.priority));
  return frameJoined(2, fields);
}

/** Joins the bytes of an `envoy.config.endpoint.v3.ClusterLoadAssignment`. */
export function joinLoadAssignment(fragment: LoadAssignmentFragment): Uint8Array {
  const fields: FramedField[] = [];
  if (fragment.clusterName !== '') fields.push(frameField(1, fragment.clusterName));
  for (const locality of fragment.localities) fields.push(locality);
  if (fragment.policy) {
    const policy = create(ClusterLoadAssignment_PolicySchema, fragment.policy);
    fields.push(frameField(4, toBinary(ClusterLoadAssignment_PolicySchema, policy)));
  }
  return joinFields(fields);
}

function priorityField(priority: number): FramedField {
  const bytes: Uint8Array = new BinaryWriter().tag(5, WireType.Varint).uint32(priority).finish();
  return bytes as FramedField;
}
