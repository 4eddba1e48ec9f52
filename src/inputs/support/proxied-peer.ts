/** Reads the PROXY header that a connection begins with; what follows it stays in the socket. */
import type { Socket } from 'node:net'
import { readProxyHeader } from '../../codecs/proxy-protocol.ts'
import { hostAndPort } from '../../config/listen-address.ts'
import type { Timers } from '../../pipeline/clock.ts'
import { type Peer, plainAddress } from './peer.ts'

/**
 * Who is behind the proxy; the proxy where that speaks for itself; null if no header came in time,
 * or the connection has ended before.
 */
export function proxiedPeer(
  socket: Socket,
  proxy: Peer,
  { timers, timeoutMs }: { readonly timers: Timers; readonly timeoutMs: number },
): Promise<Peer | null> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const finish = (peer: Peer | null) => {
      cancel()
      socket.off('readable', onReadable)
      socket.off('close', onClose)
      resolve(peer)
    }
    const onReadable = () => {
      for (let part = read(socket); part !== null; part = read(socket)) {
        bytes = Buffer.concat([bytes, part])
      }
      const header = readProxyHeader(bytes)
      if (header.kind === 'bad' || (header.kind === 'more' && socket.readableEnded)) finish(null)
      if (header.kind !== 'header') return
      const { source, length } = header
      if (length < bytes.length) socket.unshift(bytes.subarray(length))
      finish(source === null ? proxy : peerFrom(source))
    }
    const onClose = () => finish(null)
    const cancel = timers.after(timeoutMs, () => finish(null))
    socket.on('readable', onReadable)
    socket.on('close', onClose)
  })
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null
}

function peerFrom({ address: text, port }: { readonly address: string; readonly port: number }) {
  const address = plainAddress(text)
  return { address, text: hostAndPort(address, port) }
}
