/**
 * A file as the kernel sees it, and as it may be after a power cut. Until a sync each write may get
 * to the disk wholly, in part or not, whatever became of the others (POSIX promises no more).
 * A sync that fails may leave what it was about unwritten for good, and the next one succeeds
 * without it, as on Linux.
 */
import type { SeededRandom } from '../../../delivery/simulation/random.ts'

interface Change {
  /** A write, or a truncation if there are no bytes. */
  readonly bytes: Uint8Array | null
  readonly offset: number
  state: 'durable' | 'pending' | 'lost'
}

export class SimulatedFile {
  /** What a read gives. */
  bytes: Uint8Array = new Uint8Array(0)
  #base: Uint8Array = new Uint8Array(0)
  #changes: Change[] = []

  write(bytes: Uint8Array, offset: number): void {
    this.#do({ bytes: bytes.slice(), offset, state: 'pending' })
  }

  truncate(length: number): void {
    this.#do({ bytes: null, offset: length, state: 'pending' })
  }

  sync(): void {
    for (const change of this.#changes) if (change.state === 'pending') change.state = 'durable'
    while (this.#changes[0]?.state === 'durable')
      this.#base = applied(this.#base, this.#changes.shift()!)
  }

  failToSync(random: SeededRandom): void {
    for (const change of this.#changes)
      if (change.state === 'pending' && change.bytes)
        change.state = random.pick(['durable', 'lost', 'pending'] as const)
  }

  /** A bit that turned on the disk, or what somebody did to the file. */
  damage(random: SeededRandom): void {
    const place = random.whole(0, this.bytes.length - 1)
    if (random.chance(0.3)) this.truncate(place)
    else this.write(Uint8Array.of(this.bytes[place]! ^ (1 << random.whole(0, 7))), place)
    this.sync()
  }

  losePower(random: SeededRandom): void {
    const keepsAll = random.chance(0.2)
    let bytes = this.#base
    for (const change of this.#changes) {
      if (change.state === 'durable' || keepsAll || random.chance(0.4))
        bytes = applied(bytes, change)
      else if (change.bytes && random.chance(0.4)) bytes = applied(bytes, partOf(change, random))
    }
    this.bytes = this.#base = bytes
    this.#changes = []
  }

  #do(change: Change): void {
    this.bytes = applied(this.bytes, change)
    this.#changes.push(change)
  }
}

function applied(old: Uint8Array, { bytes, offset }: Change): Uint8Array {
  const length = bytes ? Math.max(old.length, offset + bytes.length) : offset
  // What lies between is zeros.
  const made = new Uint8Array(length)
  made.set(old.subarray(0, length))
  if (bytes) made.set(bytes, offset)
  return made
}

/** The first bytes of it, or the last ones. */
function partOf({ bytes, offset, state }: Change, random: SeededRandom): Change {
  const cut = random.whole(0, bytes!.length)
  if (random.chance(0.7)) return { bytes: bytes!.subarray(0, cut), offset, state }
  return { bytes: bytes!.subarray(cut), offset: offset + cut, state }
}
