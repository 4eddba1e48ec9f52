/**
 * The sender, a process of its own: takes all bytes into memory, opens its connections, says
 * `ready`, and on `go` gives each connection's bytes to the system in one write, which then takes
 * them as fast as the collector reads. Connections stay open until the parent disconnects.
 */
import { connect, type Socket } from 'node:net'
import { readWhole } from './traffic/read-whole.ts'
import type { SenderMessage, SenderTask } from './measure/sender-process.ts'

/** More at once would overrun the queue of connections that the collector has not accepted. */
const CONNECTING_MAX = 100

async function main(task: SenderTask): Promise<void> {
  const bytes = readWhole(task.file)
  const sockets = await connectAll(task.port, task.segments.length)
  process.once('message', () => {
    let left = sockets.length
    for (const [index, socket] of sockets.entries()) {
      const { offset, bytes: length } = task.segments[index]!
      socket.write(bytes.subarray(offset, offset + length), () => {
        if (--left === 0) tell({ sent: null })
      })
    }
  })
  process.once('disconnect', () => process.exit(0))
  tell({ ready: true })
}

async function connectAll(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Math.min(CONNECTING_MAX, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => connectOne(port)))))
  }
  return sockets
}

function connectOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', (error) => tell({ failed: error.message }))
      socket.on('end', () => tell({ failed: 'a connection was closed by the collector' }))
      resolve(socket)
    })
    socket.resume()
  })
}

/** The parent may be gone, and then there is nobody to tell. */
function tell(message: SenderMessage): void {
  if (process.connected) process.send?.(message, () => undefined)
}

process.once('message', (task: SenderTask) => {
  main(task).catch((error: Error) => tell({ failed: error.message }))
})
