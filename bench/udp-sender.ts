/**
 * Sends by UDP, one message a datagram with what ends it: NUL for GELF, a newline for syslog. It
 * sends as fast as the collector reads and no faster, by the queue of its socket that the system
 * shows (`/proc/net/udp`): a datagram that does not fit is gone.
 */
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { readWhole } from './traffic/read-whole.ts'
import { runSender, tell } from './traffic/sending.ts'

/** Sent between two looks; with what may be in the queue then, less than it holds by default. */
const BURST_DATAGRAMS = 32
/** Memory, of which a datagram takes up to some kilobytes. */
const QUEUED_BYTES_MAX = 48 * 1024
const QUEUE_COLUMN = 4

runSender(async ({ file, port }) => {
  const bytes = readWhole(file)
  const socket = createSocket('udp4')
  await promisify((done: () => void) => socket.connect(port, '127.0.0.1', done))()
  return () => {
    sendAll(socket, bytes, port).then(
      () => tell({ sent: null }),
      (error: Error) => tell({ failed: error.message }),
    )
  }
})

async function sendAll(socket: Socket, bytes: Buffer, port: number): Promise<void> {
  const delimiter = bytes.at(-1)!
  for (let start = 0; start < bytes.length;) {
    const sent: Promise<void>[] = []
    while (sent.length < BURST_DATAGRAMS && start < bytes.length) {
      const end = bytes.indexOf(delimiter, start) + 1
      sent.push(send(socket, bytes.subarray(start, end)))
      start = end
    }
    await Promise.all(sent)
    while (queuedBytes(port) > QUEUED_BYTES_MAX) await new Promise(setImmediate)
  }
}

function send(socket: Socket, datagram: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, (error) => (error ? reject(error) : resolve()))
  })
}

/** What waits to be read on the port; 0 if nobody listens there. */
function queuedBytes(port: number): number {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const line = readFileSync('/proc/net/udp', 'latin1')
    .split('\n')
    .map((each) => each.trim().split(/\s+/))
    .find((columns) => columns[1] === address)
  return parseInt(line?.[QUEUE_COLUMN]?.split(':')[1] ?? '0', 16)
}
