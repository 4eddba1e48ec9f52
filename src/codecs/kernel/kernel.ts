/**
 * The host's side of the WebAssembly kernel (assembly/, built into kernel.wasm): one memory of a
 * fixed size, which is all that the kernel can ever touch, and its functions on byte arrays.
 *
 *     memory  ┌───────────┬────────────────────────┬──────────────────────────────┬───────┐
 *             │ constants │ source: bytes going in │ target: bytes that come out  │ slack │
 *             └───────────┴────────────────────────┴──────────────────────────────┴───────┘
 *
 * Nothing stays there between two calls but the source that a window (window.ts) has loaded, so
 * any number of streams share it. Each function does the usual and stops before what it does not
 * know; its twin in plain TypeScript, named in assembly/, goes on from there.
 */
import { readFileSync } from 'node:fs'
import { type CompiledModule, webAssembly } from './web-assembly.ts'

export const SOURCE_BYTES = 256 * 1024
const TARGET_BYTES = 1024 * 1024
/** Tags, needles and templates: what comes with a source. */
export const ASIDE_BYTES = 1024
/** The kernel reads and writes in steps of 16 bytes, and looks a few bytes ahead. */
const SLACK_BYTES = 64
const PAGE_BYTES = 64 * 1024
/** One more for the constants, one for what is kept, and one for what the others leave over. */
const PAGES = (SOURCE_BYTES + TARGET_BYTES) / PAGE_BYTES + 3

interface Exports {
  arenaOffset(): number
  controlOffset(): number
  checkEntries(start: number, end: number, depthMax: number, countMax: number): number
  convertEntries(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    depthMax: number,
    countMax: number,
  ): number
  readMessages(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    tag: number,
    tagLength: number,
    depthMax: number,
  ): number
  readGelf(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    key: number,
    keyLength: number,
    options: number,
    tagBytesMax: number,
  ): number
  gelfTag(): number
  gelfTagLength(): number
  startParsing(
    texts: number,
    nameLength: number,
    targetLength: number,
    prefixLength: number,
    timeLength: number,
    way: number,
    flags: number,
  ): void
  parseJson(start: number, end: number, target: number, targetEnd: number): number
  parsedCount(): number
  startEdits(steps: number, count: number, growthMax: number): void
  editFields(start: number, end: number, target: number, targetEnd: number): number
  changedCount(): number
  startRecords(
    texts: number,
    timeLength: number,
    fieldsLength: number,
    fields: number,
    way: number,
    keeps: number,
    seconds: number,
    nanoseconds: number,
  ): void
  readRecords(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    separator: number,
    lineMax: number,
  ): number
  startLines(template: number, tag: number, tagLength: number): void
  putJsonLines(start: number, end: number, target: number, targetEnd: number): number
  startBulk(reserved: number, dot: number, fieldsMax: number, depthMax: number): void
  useTemplate(
    template: number,
    length: number,
    endLength: number,
    idOffset: number,
    timeOffset: number,
  ): void
  putBulkLines(start: number, end: number, target: number, targetEnd: number, place: number): number
  bulkStarts(): number
  readStored(start: number, end: number, prefix: number, prefixLength: number): void
  putDockerLines(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    prefix: number,
    prefixLength: number,
  ): number
  putPlainLines(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    prefix: number,
    prefixLength: number,
  ): number
  startSyslog(
    last: number,
    lastLength: number,
    lastCount: number,
    messageMax: number,
    framing: number,
  ): void
  syslogFraming(): number
  useNames(list: number, inner: number): void
  useYear(yearDays: number, isLeap: number, from: number, to: number, offset: number): void
  readSyslog(
    start: number,
    end: number,
    target: number,
    targetEnd: number,
    priority: number,
    head: number,
    headLength: number,
    headFields: number,
  ): number
  find(start: number, end: number, needle: number, needleLength: number, pair: number): number
  foldChecksum(start: number, end: number, state: number): number
}

/** Every offset is one into `memory`, from `source` on unless it says otherwise. */
export class Kernel {
  readonly memory: Uint8Array<ArrayBuffer>
  readonly functions: Exports
  /** Where `SOURCE_BYTES` of source begin, `ASIDE_BYTES` of other input, and the target. */
  readonly source: number
  readonly aside: number
  readonly target: number
  readonly targetEnd: number
  readonly #control: Uint32Array
  /** Whose bytes are in the source; null when they are nobody's. */
  sourceOwner: object | null = null
  /** Who has called `startLines` last. */
  linesOwner: object | null = null
  /** Who has called `startBulk` last. */
  bulkOwner: object | null = null

  constructor(api: NonNullable<typeof webAssembly>, module: CompiledModule) {
    const memory = new api.Memory({ initial: PAGES, maximum: PAGES })
    this.memory = new Uint8Array(memory.buffer)
    const putDouble = (value: number, target: number) =>
      putText(this.memory, doubleText(value), target)
    const { exports } = new api.Instance(module, { env: { memory }, numbers: { putDouble } })
    this.functions = exports as Exports
    this.#control = new Uint32Array(memory.buffer, this.functions.controlOffset(), 3)
    this.aside = align(this.functions.arenaOffset())
    this.source = this.aside + ASIDE_BYTES + SLACK_BYTES
    this.target = this.source + SOURCE_BYTES + SLACK_BYTES
    this.targetEnd = this.memory.length - SLACK_BYTES
  }

  /** Where the last function stopped, in the source. */
  get stoppedAt(): number {
    return this.#control[0]!
  }

  /** Behind the last byte it put into the target. */
  get targetUsed(): number {
    return this.#control[1]!
  }

  /** How many entries it read. */
  get count(): number {
    return this.#control[2]!
  }
}

/** Null where WebAssembly or its 128-bit SIMD is missing: the twins do everything then. */
export function loadKernel(): Kernel | null {
  if (webAssembly === undefined) return null
  const bytes = readFileSync(new URL('./kernel.wasm', import.meta.url))
  if (!webAssembly.validate(bytes)) return null
  return new Kernel(webAssembly, new webAssembly.Module(bytes))
}

/** The one of this process. */
export const sharedKernel = loadKernel()

function align(offset: number): number {
  return (offset + 15) & ~15
}

/** JSON has neither NaN nor infinities. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  return Object.is(value, -0) ? '-0' : String(value)
}

function putText(memory: Uint8Array, text: string, target: number): number {
  for (let index = 0; index < text.length; index++) {
    memory[target + index] = text.charCodeAt(index)
  }
  return target + text.length
}
