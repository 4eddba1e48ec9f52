/**
 * What the decoders of inputs look like to the support here. They live in src/codecs/ and need not
 * know of it: any object of this shape will do.
 */
import type { CodecError } from '../../codecs/codec-error.ts'
import type { Lease } from '../../codecs/lease.ts'

/** Canonical entries (codecs/entry.ts) of one tag, end to end, at least one. */
export interface Decoded {
  readonly tag: string
  /** Not changed by the decoder any more. */
  readonly entries: Uint8Array
  readonly count: number
  /** Of the memory that `entries` are in; released once they are settled. */
  readonly lease?: Lease | null
}

/** One connection's bytes in, batches out. Never throws at its caller. */
export interface StreamDecoder {
  /** What ended the stream: nothing is taken after it. Null while there is no such thing. */
  readonly error: CodecError | null
  /** Bytes held of a message that is not complete. */
  readonly pendingBytes: number
  /** The messages that `bytes`, which are given away, complete. */
  push(bytes: Uint8Array): readonly Decoded[]
  /** Nothing more comes: what the incomplete message is good for. Lets go of its bytes. */
  end(): readonly Decoded[]
}

/** Who sent something. */
export interface Source {
  /** Null on a unix socket. */
  readonly address: string | null
  /** By reverse DNS, or the address; empty if nobody asked. */
  readonly hostname: string
}

/** Datagrams in, one batch per tag out. Never throws at its caller. */
export interface DatagramDecoder {
  push(bytes: Uint8Array, address: string): void
  /** What was pushed since the last call. */
  take(): readonly Decoded[]
  /** Nothing more comes: the last `take` is to have what is not complete as well. */
  end?(): void
}
