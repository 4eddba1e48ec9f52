/**
 * The sender of the request-ack scenarios, a process of its own: on each connection one frame is
 * in flight, as Docker's driver does with `fluentd-request-ack`; the next goes when the
 * acknowledgement of the last has come and is exactly what it must be. Measures the round trips.
 */
import type { Socket } from 'node:net'
import type { RoundTrips, SenderTask } from './measure/sender-process.ts'
import { CHUNK_LENGTH } from './traffic/forward-frames.ts'
import { readWhole } from './traffic/read-whole.ts'
import { connectAll, runSender, tell } from './traffic/sending.ts'

/** `{"ack": …}` with a name of `CHUNK_LENGTH` characters behind it. */
const ACK_HEAD = Buffer.from([0x81, 0xa3, 0x61, 0x63, 0x6b, 0xa0 | CHUNK_LENGTH])

/** One connection with its frames. */
class Conversation {
  readonly #socket: Socket
  readonly #frames: readonly Buffer[]
  readonly #onAck: (ms: number) => void
  #next = 0
  #sentAt = 0
  #received: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, frames: readonly Buffer[], onAck: (ms: number) => void) {
    this.#socket = socket
    this.#frames = frames
    this.#onAck = onAck
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.#take(bytes))
  }

  send(): void {
    const frame = this.#frames[this.#next]
    if (frame === undefined) return
    this.#sentAt = performance.now()
    this.#socket.write(frame)
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    if (this.#received.length < ACK_HEAD.length + CHUNK_LENGTH) return
    const ms = performance.now() - this.#sentAt
    const chunk = this.#frames[this.#next]!.subarray(-CHUNK_LENGTH)
    if (!this.#received.equals(Buffer.concat([ACK_HEAD, chunk]))) {
      const [was, expected] = [this.#received.toString('latin1'), String(chunk)]
      return tell({ failed: `an acknowledgement was ${was}; expected that of ${expected}` })
    }
    this.#received = Buffer.alloc(0)
    this.#next++
    this.#onAck(ms)
    this.send()
  }
}

runSender(async (task) => {
  const sockets = await connectAll(task.port, task.segments.length)
  const latencies: number[] = []
  let startedAt = 0
  const onAck = (ms: number) => {
    latencies.push(ms)
    if (latencies.length < task.frameBytes.length) return
    tell({ sent: roundTrips(latencies, performance.now() - startedAt) })
  }
  const frames = framesOf(task)
  const all = sockets.map((socket, index) => new Conversation(socket, frames[index]!, onAck))
  return () => {
    startedAt = performance.now()
    for (const conversation of all) conversation.send()
  }
})

/** The frames of each connection. */
function framesOf({ file, segments, frameBytes }: SenderTask): Buffer[][] {
  const bytes = readWhole(file)
  let frame = 0
  return segments.map((segment) => {
    let offset = segment.offset
    return Array.from({ length: segment.records }, () => {
      const start = offset
      offset += frameBytes[frame++]!
      return bytes.subarray(start, offset)
    })
  })
}

function roundTrips(latencies: number[], tookMs: number): RoundTrips {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1]!
  const perSecond = (sorted.length * 1000) / tookMs
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
