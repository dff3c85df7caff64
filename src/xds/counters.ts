import { XDS_TYPES } from './xds-type.ts';

/** What one type has cost and how it was taken, since the server started. */
export interface TypeCounters {
  /** Responses sent. */
  pushes: number;
  /** Bytes of those responses, before HTTP/2 framing. */
  bytes: number;
  acks: number;
  nacks: number;
  /** Names that streams hold now, asked for or by wildcard. */
  subscriptions: number;
}

/** Plain numbers that the server keeps up to date; whoever exports metrics reads them. */
export interface XdsCounters {
  /** Streams open now. */
  streams: number;
  streamsOpened: number;
  /** Streams refused, by their proof of identity, a limit or a malformed request. */
  streamsRefused: number;
  /** Names over a stream's limit that were answered as if there were none. */
  namesRefused: number;
  /** By short name (`CDS`). */
  readonly types: Readonly<Record<string, TypeCounters>>;
}

/** All zero. */
export function createCounters(): XdsCounters {
  const types: Record<string, TypeCounters> = {};
  for (const { short } of XDS_TYPES) types[short] = { pushes: 0, bytes: 0, acks: 0, nacks: 0, subscriptions: 0 };
  return { streams: 0, streamsOpened: 0, streamsRefused: 0, namesRefused: 0, types };
}
