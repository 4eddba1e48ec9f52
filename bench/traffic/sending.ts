/** What both senders share: the task from the parent, the connections, and the way back. */
import { connect, type Socket } from 'node:net'
import type { SenderMessage, SenderTask } from '../measure/sender-process.ts'

/** More at once would overrun the queue of connections that the collector has not accepted. */
const CONNECTING_MAX = 100

/** `prepare` makes everything ready and returns what to do on `go`. */
export function runSender(prepare: (task: SenderTask) => Promise<() => void>): void {
  process.once('message', (task: SenderTask) => {
    process.once('disconnect', () => process.exit(0))
    prepare(task).then(
      (go) => {
        process.once('message', go)
        tell({ ready: true })
      },
      (error: Error) => tell({ failed: error.message }),
    )
  })
}

/** The parent may be gone, and then there is nobody to tell. */
export function tell(message: SenderMessage): void {
  if (process.connected) process.send?.(message, () => undefined)
}

export async function connectAll(port: number, count: number): Promise<Socket[]> {
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
  })
}
