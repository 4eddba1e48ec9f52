/**
 * The floor: the least that Node can do, a server that copies the bytes of its connections into
 * one file and looks at none. One write is under way at a time; what comes meanwhile is gathered
 * for the next. Run: `node bench/floor.ts PORT FILE [ack|udp]`
 *
 * With `ack` each read counts as one frame whose last bytes are its chunk's name, which is
 * answered once written: the floor of one round trip. With `udp` it takes datagrams as well.
 */
import { openSync, writev } from 'node:fs'
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { CHUNK_LENGTH } from './traffic/forward-frames.ts'

const GATHERED_BYTES_MAX = 16 * 1024 * 1024
const ACK_HEAD = Buffer.from([0x81, 0xa3, 0x61, 0x63, 0x6b, 0xa0 | CHUNK_LENGTH])

const [port, file, mode] = process.argv.slice(2)
const withAck = mode === 'ack'
const withUdp = mode === 'udp'
const descriptor = openSync(file!, 'w')
const sockets = new Set<Socket>()
let gathered: Buffer[] = []
let gatheredBytes = 0
let waiting: { socket: Socket; chunk: Buffer }[] = []
let isWriting = false

function take(socket: Socket | null, bytes: Buffer): void {
  gathered.push(bytes)
  gatheredBytes += bytes.length
  if (withAck && socket) waiting.push({ socket, chunk: bytes.subarray(-CHUNK_LENGTH) })
  if (gatheredBytes > GATHERED_BYTES_MAX) for (const each of sockets) each.pause()
  if (isWriting) return
  isWriting = true
  // At the end of this turn of the loop, so that all its reads share one write.
  setImmediate(write)
}

function write(): void {
  const [buffers, bytes, acks] = [gathered, gatheredBytes, waiting]
  gathered = []
  gatheredBytes = 0
  waiting = []
  writev(descriptor, buffers, (error, written) => {
    if (error || written !== bytes) throw error ?? new Error(`wrote ${written} of ${bytes} bytes`)
    for (const { socket, chunk } of acks) socket.write(Buffer.concat([ACK_HEAD, chunk]))
    if (bytes > GATHERED_BYTES_MAX) for (const each of sockets) each.resume()
    isWriting = gathered.length > 0
    if (isWriting) write()
  })
}

const server = createServer((socket) => {
  sockets.add(socket)
  socket.setNoDelay(true)
  socket.on('data', (bytes: Buffer) => take(socket, bytes))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
})
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 1024 })
if (withUdp) {
  const datagrams = createSocket('udp4', (bytes) => take(null, bytes))
  datagrams.bind(Number(port), '127.0.0.1')
}
process.once('SIGTERM', () => process.exit(0))
