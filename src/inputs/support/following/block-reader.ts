/**
 * Reads one block of a path's files, makes entries of its lines, delivers them, and only then notes
 * how far the files are delivered. What is not taken is read again from there.
 */
import type { FileHandle } from 'node:fs/promises'
import type { Batch, Outcome } from '../../../pipeline/batch.ts'
import type { InputContext } from '../../../pipeline/component.ts'
import { BlockBuffer } from './block-buffer.ts'
import { isDamage } from './compressed.ts'
import { HEAD_BYTES_MAX, HEAD_BYTES_SURE } from './identity.ts'
import { MadeEntries } from './made-entries.ts'
import type { TailMetrics } from './metrics.ts'
import type { OpenFiles } from './open-files.ts'
import type { Positions } from './positions.ts'
import { statOrNull } from './siblings.ts'
import type { TailedFile } from './tailed-file.ts'
import type { TailedPath } from './tailed-path.ts'

const BLOCK_BYTES = 256 * 1024
/** Kept for the next turn unless a batch has made it larger. */
const WRITER_KEPT_BYTES = 4 * 1024 * 1024
/** How long to wait with what was not taken, or could not be read. */
const AGAIN_MS = 1000

/** A compressed file that cannot be read may still be written if it was changed since then. */
const UNFINISHED_MS = 60_000

export interface BlockReaderOptions {
  readonly context: InputContext
  readonly metrics: TailMetrics
  readonly openFiles: OpenFiles
  readonly positions: Positions
  readonly lineMaxBytes: number
  /** How long a last line waits for its end; `Infinity` for ever. */
  readonly flushAfterMs: number
  /** The file does not begin any more as it did, or has less than was read. */
  readonly replaced: (path: TailedPath, file: TailedFile) => Promise<void>
  /** The file was empty at every look before. */
  readonly filled: (path: TailedPath) => Promise<void>
  /** The file is not where it was. */
  readonly missing: (path: TailedPath, file: TailedFile) => Promise<void>
}

/** What one turn has in hand; reused. */
interface Hands {
  readonly block: BlockBuffer
  readonly made: MadeEntries
}

export class BlockReader {
  readonly #options: BlockReaderOptions
  readonly #free: Hands[] = []

  constructor(options: BlockReaderOptions) {
    this.#options = options
  }

  /** Reads and delivers one block of what is unread. */
  async read(path: TailedPath): Promise<void> {
    const file = path.unread
    if (file) await this.#withHands((hands) => this.#readFile(path, file, hands), path, file)
  }

  /** Delivers what stands behind the last line end, too: nothing more will be added. */
  async readLast(path: TailedPath, file: TailedFile): Promise<boolean> {
    let isDone = false
    await this.#withHands(
      async (hands) => void (isDone = await this.#readLast(path, file, hands)),
      path,
      file,
    )
    return isDone
  }

  /** Delivers what is held back of lines for which nothing has come for a while. */
  async flush(path: TailedPath): Promise<void> {
    await this.#withHands(async ({ made }) => {
      made.begin(this.#options.context.clock.now())
      path.lines.flush(made)
      await this.#deliver(path, made)
    }, path)
  }

  /** Delivers a last line without an end to which nothing has come for a while. */
  async flushRest(path: TailedPath): Promise<void> {
    const file = path.current
    if (!file || path.unread || !this.#isRestOld(file)) return
    await this.#withHands((hands) => this.#readRest(path, file, hands), path, file)
  }

  #isRestOld({ size, offset, grownAtMs }: TailedFile): boolean {
    const { context, flushAfterMs } = this.#options
    return size > offset && context.clock.monotonic() - grownAtMs >= flushAfterMs
  }

  async #withHands(
    work: (hands: Hands) => Promise<void>,
    path: TailedPath,
    file?: TailedFile,
  ): Promise<void> {
    const { memory, logger, clock } = this.#options.context
    const hands = this.#free.pop() ?? {
      block: new BlockBuffer(BLOCK_BYTES),
      made: new MadeEntries(),
    }
    memory.add(BLOCK_BYTES)
    this.#options.metrics.inFlightBytes.add(BLOCK_BYTES)
    if (file) file.isBusy = true
    try {
      await work(hands)
      if (path.recover()) logger.info({ path: path.path }, 'a file can be read again')
    } catch (error) {
      this.#options.metrics.readErrors.add(1)
      path.notBeforeMs = clock.monotonic() + AGAIN_MS
      if (file) file.isDirty = true
      const fields = { path: file?.path ?? path.path, error }
      if (path.fail(error)) logger.warn(fields, 'cannot read a file; will try again')
    } finally {
      if (file) file.isBusy = false
      memory.add(-BLOCK_BYTES)
      this.#options.metrics.inFlightBytes.add(-BLOCK_BYTES)
      if (hands.made.writer.bytes.length <= WRITER_KEPT_BYTES) this.#free.push(hands)
    }
  }

  async #readFile(path: TailedPath, file: TailedFile, { block, made }: Hands): Promise<void> {
    const { bytes } = block
    file.isDirty = false
    const length = await this.#fill(path, file, block)
    if (length < 0) return
    if (length > 0 && (await this.#hasOlderGrown(path, file))) return
    if (length > 0) this.#noteRead(path, file, length)
    made.begin(this.#options.context.clock.now())
    const skipped = await this.#skipEnd(path, file, bytes.subarray(0, length))
    const lines = {
      file,
      bytes: bytes.subarray(skipped),
      end: length - skipped,
      offset: file.offset + skipped,
      isLast: false,
    }
    const used = skipped + (length === skipped ? 0 : path.lines.read(lines, made))
    if (length === bytes.length) {
      file.isDirty = true
      if (used === 0) return this.#readLong(path, file, made)
    }
    this.#moveOn(file, block, used)
    const isAtEnd = length < bytes.length && file === path.files.at(-1)
    if (isAtEnd && path.lines.heldBytes > 0) path.lines.flush(made)
    await this.#deliver(path, made)
  }

  /**
   * Whether something has come to one before it: that is read first. A program writes on to what is
   * rotated until it opens the new one, so what is asked after a block was read is all there is.
   */
  async #hasOlderGrown(path: TailedPath, file: TailedFile): Promise<boolean> {
    let hasGrown = false
    for (const older of path.files.slice(0, path.files.indexOf(file))) {
      if (older.isLost || older.isCompressed || !older.handle) continue
      const { size } = await older.handle.stat()
      if (size <= older.size) continue
      older.isDirty = true
      hasGrown = true
    }
    if (hasGrown) file.isDirty = true
    return hasGrown
  }

  #moveOn(file: TailedFile, block: BlockBuffer, used: number): void {
    if (used > 0) file.foot = block.footAt(file.offset, used) ?? file.foot
    file.offset += used
  }

  /** Bytes from `file.offset` on; -1 if it is not the file it was. */
  async #fill(path: TailedPath, file: TailedFile, block: BlockBuffer): Promise<number> {
    const { openFiles, replaced, missing, filled, positions } = this.#options
    if (file.isCompressed) {
      block.forgetBefore()
      const length = await this.#readCompressed(file, block.bytes)
      if (length < 0) await missing(path, file)
      return length
    }
    const handle = await openFiles.handleOf(file)
    if (handle === null) {
      await missing(path, file)
      return -1
    }
    const length = await block.read(handle, file.offset)
    // After the block: what was read is of the file that begins so.
    const { length: knownBytes } = file.head
    const isSame = length >= 0 && block.fits(file.foot, file.offset)
    if (!isSame || !(await this.#checkHead(file, handle, block.bytes.subarray(0, length)))) {
      await replaced(path, file)
      return -1
    }
    if (knownBytes >= HEAD_BYTES_SURE || file.head.length === knownBytes) return length
    // Noted before anything of it is delivered: it is found by that wherever it is by then.
    positions.note(file.position)
    file.isDirty = true
    await filled(path)
    // An older one may have been found.
    return path.unread === file ? length : -1
  }

  /** Whether it begins as it did; `bytes` are what it has at its offset. */
  async #checkHead(file: TailedFile, handle: FileHandle, bytes: Uint8Array): Promise<boolean> {
    if (file.offset > 0) return file.checkHead(handle)
    return file.checkBeginning(bytes.subarray(0, HEAD_BYTES_MAX))
  }

  /**
   * Of what is damaged as much as can be read: nothing behind it is held up by that. -1 if it is
   * not the file it was.
   */
  async #readCompressed(file: TailedFile, bytes: Uint8Array, offset = file.offset) {
    const handle = await this.#options.openFiles.handleOf(file)
    if (handle === null) return -1
    try {
      return await file.readCompressed(handle, bytes, offset)
    } catch (error) {
      if (!isDamage(error) || (await this.#mayBeUnfinished(file))) throw error
      const { logger } = this.#options.context
      logger.error({ path: file.path, error }, 'a compressed file is damaged: its end is lost')
      this.#options.metrics.filesLost.add(1)
      file.isDamaged = true
      return await file.readCompressed(handle, bytes, offset)
    }
  }

  /** Whether somebody compresses it right now. */
  async #mayBeUnfinished({ path }: TailedFile): Promise<boolean> {
    const stat = await statOrNull(path)
    return stat !== null && this.#options.context.clock.now() - stat.modifiedMs < UNFINISHED_MS
  }

  #noteRead(path: TailedPath, file: TailedFile, length: number): void {
    const { clock } = this.#options.context
    this.#noteSize(file, file.offset + length)
    // What is older and was not found yet must not be taken for something that was read.
    if (!path.mustSettle && !file.isRotated) file.seenMs = clock.now()
    path.readAtMs = clock.monotonic()
  }

  #noteSize(file: TailedFile, size: number): void {
    if (size <= file.size) return
    file.size = size
    file.grownAtMs = this.#options.context.clock.monotonic()
  }

  /** A line longer than a block: its end is looked for first, and then as much as may be taken. */
  async #readLong(path: TailedPath, file: TailedFile, made: MadeEntries): Promise<void> {
    const size = await this.#longLineSize(path, file)
    if (size < 0) {
      // Not whole yet. As long as it does not grow there is nothing to be done.
      file.isDirty = false
      return
    }
    await this.#takeLong(path, file, made, size)
    file.offset += size + path.lines.encoding.unitBytes
    await this.#deliver(path, made)
  }

  async #takeLong(path: TailedPath, file: TailedFile, made: MadeEntries, size: number) {
    const { lineMaxBytes, metrics } = this.#options
    const isWhole = size <= lineMaxBytes
    const wanted = isWhole ? size + path.lines.encoding.unitBytes : lineMaxBytes
    const bytes = Buffer.allocUnsafeSlow(wanted)
    const end = await this.#fillAt(file, bytes, file.offset)
    // The last one of a file has no end.
    const block = { file, bytes, end, offset: file.offset, isLast: true }
    if (isWhole) return void path.lines.read(block, made)
    metrics.linesCut.add(1)
    path.lines.readLong(block, size, made)
  }

  /** Bytes of the line at `file.offset` without its end, or -1 if that is not there yet. */
  async #longLineSize(path: TailedPath, file: TailedFile): Promise<number> {
    const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    let searched = Math.max(file.searchedTo - file.offset, 0)
    for (;;) {
      const length = await this.#fillAt(file, bytes, file.offset + searched)
      const at = path.lines.encoding.findLineEnd(bytes, 0, length)
      if (at >= 0) return searched + at
      searched += length - (length % path.lines.encoding.unitBytes)
      file.searchedTo = file.offset + searched
      this.#noteSize(file, file.searchedTo)
      if (length < bytes.length) return -1
    }
  }

  async #fillAt(file: TailedFile, bytes: Buffer, offset: number): Promise<number> {
    if (file.isCompressed) return Math.max(0, await this.#readCompressed(file, bytes, offset))
    const handle = await this.#options.openFiles.handleOf(file)
    return handle === null ? 0 : readFully(handle, bytes, offset)
  }

  /** How many bytes the end of a line has whose text was delivered without it. */
  async #skipEnd({ lines }: TailedPath, file: TailedFile, bytes: Uint8Array): Promise<number> {
    const endBytes = lines.encoding.lineEndAt(bytes)
    if (endBytes === 0 || file.offset === 0 || file.isCompressed) return 0
    const { unitBytes } = lines.encoding
    const before = Buffer.alloc(unitBytes)
    await this.#fillAt(file, before, file.offset - unitBytes)
    return lines.encoding.findLineEnd(before, 0, unitBytes) === 0 ? 0 : endBytes
  }

  async #readRest(path: TailedPath, file: TailedFile, hands: Hands): Promise<void> {
    const { bytes } = hands.block
    const length = await this.#fill(path, file, hands.block)
    if (length < 0) return
    if (file.offset + length > file.size) return void (file.isDirty = true)
    // Of a character that is not whole the rest is waited for.
    const end = length < bytes.length ? path.lines.encoding.wholeEnd(bytes, length) : length
    if (end > 0) await this.#takeLast(path, file, hands, end)
  }

  async #readLast(path: TailedPath, file: TailedFile, hands: Hands): Promise<boolean> {
    const length = await this.#fill(path, file, hands.block)
    if (length < 0) return false
    return this.#takeLast(path, file, hands, length)
  }

  /** Takes what begins at `file.offset` and has no end; of more than a block the beginning. */
  async #takeLast(
    path: TailedPath,
    file: TailedFile,
    { block, made }: Hands,
    length: number,
  ): Promise<boolean> {
    const bytes = block.bytes.subarray(0, length)
    made.begin(this.#options.context.clock.now())
    if (length === BLOCK_BYTES) {
      // The beginning of a line that never ended.
      const size = Math.max(file.searchedTo, file.size) - file.offset
      if (path.lines.encoding.findLineEnd(bytes, 0, length) >= 0) return false
      await this.#takeLong(path, file, made, size)
      file.offset += size
    } else if (length > 0) {
      const lines = { file, bytes, end: length, offset: file.offset, isLast: true }
      this.#moveOn(file, block, path.lines.read(lines, made))
    }
    return this.#deliver(path, made)
  }

  /** Whether it was taken. */
  async #deliver(path: TailedPath, made: MadeEntries): Promise<boolean> {
    const { context, metrics } = this.#options
    if (made.count > 0) {
      const entries = made.writer.written()
      context.memory.add(entries.length)
      path.hasDelivered = true
      const batch = { tag: path.tag(), entries, count: made.count, origin: path.origin }
      const outcome = await this.#outcomeOf(batch, path)
      context.memory.add(-entries.length)
      if (outcome === 'retry') {
        metrics.redeliveries.add(1)
        await this.#goBack(path)
        return false
      }
    }
    this.#noteDelivered(path)
    return true
  }

  /** What becomes of the path's files meanwhile is seen; it is settled when this returns. */
  async #outcomeOf(batch: Batch, path: TailedPath): Promise<Outcome> {
    path.isDelivering = true
    try {
      return await this.#options.context.deliver(batch)
    } finally {
      path.isDelivering = false
      await path.looking
    }
  }

  async #goBack(path: TailedPath): Promise<void> {
    path.lines.reset()
    path.notBeforeMs = this.#options.context.clock.monotonic() + AGAIN_MS
    for (const file of path.files) await file.rewind()
  }

  #noteDelivered(path: TailedPath): void {
    for (const file of path.files) {
      const [one, other] = path.lines.offsetsIn(file, file.offset)
      const isSame = one === file.at[0] && other === file.at[1] && file.isNoted
      if (isSame) continue
      file.at = [one, other]
      file.isNoted = true
      this.#options.positions.note(file.position)
    }
  }
}

async function readFully(handle: FileHandle, bytes: Buffer, offset: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}
