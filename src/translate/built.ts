import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ObjectRef } from '../model/index.ts';

/** A message with the objects that decided it. */
export interface Built<Message> {
  readonly message: Message;
  readonly origins: readonly ObjectRef[];
  /** Names under which the resource answers too. */
  readonly aliases?: readonly string[];
}

/** The plain-object form of a message, to be spread into another. */
export type InitOf<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, MessageShape<Desc>>;
