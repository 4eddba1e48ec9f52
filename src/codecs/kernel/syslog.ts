/**
 * Usual messages of syslog by the kernel (assembly/syslog.ts). What it stops before is for the
 * twins: ../syslog/framer.ts and ../syslog/entries.ts.
 */
import type { FieldNames } from '../syslog/fields.ts'
import { PRIORITY_DEFAULT } from '../syslog/priority.ts'
import type { SyslogSender } from '../syslog/sender.ts'
import type { Kernel } from './kernel.ts'
import { SYSLOG_NAMES, type SyslogNames } from './syslog-names.ts'
import { KernelWindow } from './window.ts'

const UNUSUAL = 1
const OTHER_PRIORITY = 16
/** What `kernel.aside` has room for: the fields of a priority, a sender's, and the names. */
const HEAD_BYTES = 128
const LAST_BYTES_MAX = 640
const NAMES_OFFSET = HEAD_BYTES + LAST_BYTES_MAX
/** More fields would need another header than the one the kernel makes. */
const LAST_FIELDS_MAX = 5

/** Where entries that are made already go. */
export interface MadeEntries {
  addMade(tag: string, entries: Uint8Array, count: number): void
}

export interface SyslogSource {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

export class KernelSyslog {
  /** How what is read next is framed, or what was read last: `state` of ../syslog/framer.ts. */
  framing = 0
  readonly #kernel: Kernel
  readonly #window: KernelWindow
  readonly #messageMaxBytes: number
  readonly #names: SyslogNames
  #priority = PRIORITY_DEFAULT

  constructor(kernel: Kernel, names: FieldNames, messageMaxBytes: number) {
    this.#kernel = kernel
    this.#names = SYSLOG_NAMES[names]
    this.#window = new KernelWindow(kernel)
    this.#messageMaxBytes = messageMaxBytes
  }

  /** Whether the kernel can do a sender's messages at all. */
  static canDo({ tag, last }: SyslogSender): boolean {
    return tag.isOfPriority && last.bytes.length <= LAST_BYTES_MAX && last.count <= LAST_FIELDS_MAX
  }

  /** To be called before the bytes of an array change. */
  reset(): void {
    this.#window.reset()
  }

  /** Reads messages of `sender` from `source`; returns where it stopped. */
  read(source: SyslogSource, sender: SyslogSender, entries: MadeEntries): number {
    const kernel = this.#kernel
    const { functions, target, targetEnd } = kernel
    this.#start(sender)
    let position = source.start
    for (;;) {
      this.#window.open(source.bytes, position, source.end)
      const { shift } = this.#window
      // What lies across the end of the window looks as if it was not whole: the twin takes it.
      const end = Math.min(source.end, this.#window.end) + shift
      const head = this.#putHead()
      const from = position + shift
      const priority = this.#priority
      const status = functions.readSyslog(
        from,
        end,
        target,
        targetEnd,
        priority,
        kernel.aside,
        head,
        this.#names.headFields,
      )
      const isStuck = kernel.stoppedAt === from && status < OTHER_PRIORITY
      if (kernel.count > 0) {
        const made = kernel.memory.subarray(target, kernel.targetUsed)
        entries.addMade(sender.tag.ofPriority(priority), made, kernel.count)
      }
      position = kernel.stoppedAt - shift
      if (status >= OTHER_PRIORITY) this.#priority = status - OTHER_PRIORITY
      else if (status === UNUSUAL || isStuck || position === source.end) break
    }
    this.framing = functions.syslogFraming()
    return position
  }

  #start(sender: SyslogSender): void {
    const { memory, aside, functions } = this.#kernel
    const { bytes, count } = sender.last
    const { yearDays, isLeap, from, to, offset } = sender.times.yearWindow
    const last = aside + HEAD_BYTES
    memory.set(bytes, last)
    memory.set(this.#names.list, aside + NAMES_OFFSET)
    functions.startSyslog(last, bytes.length, count, this.#messageMaxBytes, this.framing)
    functions.useYear(yearDays, isLeap ? 1 : 0, from, to, offset)
  }

  /** Returns its length. */
  #putHead(): number {
    const { memory, aside, functions } = this.#kernel
    const { bytes, innerMap } = this.#names.headOf(this.#priority)
    memory.set(bytes, aside)
    functions.useNames(aside + NAMES_OFFSET, innerMap)
    return bytes.length
  }
}
