/** The bytes of one request of the forward protocol, and of the acknowledgement it must get. */
import { MsgpackWriter } from '../../bench/traffic/msgpack.ts'

export interface Chunk {
  /** Its events' numbers: from `first`, below `end`. */
  readonly first: number
  readonly end: number
  readonly frame: Buffer
  readonly answer: Buffer
  sentAt: number
}

export interface ChunkOptions {
  readonly sender: string
  readonly first: number
  readonly count: number
  /** One event in Message mode as Docker sends it, or any number in one packed payload. */
  readonly mode: 'message' | 'packed'
  readonly padding: string
}

const out = new MsgpackWriter()
const entries = new MsgpackWriter()

export function makeChunk(options: ChunkOptions): Chunk {
  const { sender, first, count, mode } = options
  const id = `${sender}/${first}`
  out.clear()
  if (mode === 'packed') {
    entries.clear()
    for (let number = first; number < first + count; number++) {
      entries.array(2)
      putEvent(entries, options, number)
    }
    out.array(3)
    out.str(tagOf(sender))
    out.bin(entries.written())
  } else {
    out.array(4)
    out.str(tagOf(sender))
    putEvent(out, options, first)
  }
  out.map(1)
  out.str('chunk')
  out.str(id)
  return {
    first,
    end: first + count,
    frame: Buffer.from(out.written()),
    answer: answer(id),
    sentAt: 0,
  }
}

/** Each sender has a tag of its own, and by it a file. */
export function tagOf(sender: string): string {
  return `chaos.${sender}`
}

function putEvent(to: MsgpackWriter, { sender, padding }: ChunkOptions, number: number): void {
  const now = Date.now()
  to.eventTime(Math.floor(now / 1000), (now % 1000) * 1e6)
  to.map(3)
  to.str('s')
  to.str(sender)
  to.str('n')
  to.integer(number)
  to.str('log')
  to.str(padding)
}

function answer(id: string): Buffer {
  out.clear()
  out.map(1)
  out.str('ack')
  out.str(id)
  return Buffer.from(out.written())
}
