/**
 * The sockets that inputs listen on, lent to them by the process. An input that takes the place of
 * another on the same address is handed the same socket, which stays open all the while: what
 * comes in between waits for it.
 */
import type { RemoteInfo } from 'node:dgram'
import type { Socket } from 'node:net'

interface User {
  /** The socket itself failed, not a connection: the process may have no more descriptors. */
  readonly onError: (error: Error) => void
}

export interface StreamUser extends User {
  readonly onConnection: (socket: Socket) => void
  /** Mode of the socket file of a `unix://` address; not of one that was inherited. */
  readonly socketMode: number
}

export interface DatagramUser extends User {
  /** What the kernel should keep unread; it may grant less. Left out: what it does by itself. */
  readonly receiveBufferBytes?: number
  readonly onDatagram: (bytes: Uint8Array, from: RemoteInfo) => void
}

export interface Lease {
  /** The real port; 0 on a unix socket. */
  readonly port: number
  /**
   * Gives the socket back; idempotent. If nobody is to have it next, what the kernel has completed
   * is still handed over, then it is closed.
   */
  release(): Promise<void>
}

export interface DatagramLease extends Lease {
  /** The IP address the socket is bound to. */
  readonly host: string
  /** What the kernel keeps unread, of bytes and of what it needs beside them. */
  readonly receiveBufferBytes: number
  /** Sends without waiting; a failure is told to `onFailure`. */
  send(bytes: Uint8Array, to: RemoteInfo, onFailure: (error: Error) => void): void
}

/** Addresses are as configurations write them. Both reject when one cannot be listened on. */
export interface ListeningSockets {
  /** For `tcp://`, `tls://` (which is TCP here) and `unix://`. Sockets may be half open. */
  stream(address: string, user: StreamUser): Promise<Lease>
  /** For `udp://`. */
  datagrams(address: string, user: DatagramUser): Promise<DatagramLease>
}
