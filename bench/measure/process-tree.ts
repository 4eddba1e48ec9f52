/**
 * What a process and all below it have used, from /proc (proc(5)): CPU time in user and kernel
 * mode, of threads and of children that have ended too, and the most memory they had.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second here, whatever its own clock (sysconf _SC_CLK_TCK). */
const TICK_MS = 10
/** User and system time are each rounded down, at both ends of a difference. */
const TICKS_ERROR_MS = 2 * TICK_MS

/** CPU time used until a moment, from two sources with a weakness each. */
export interface CpuReading {
  /** Complete, but in ticks. */
  readonly ticksMs: number
  /** Exact, but only of threads that live. */
  readonly exactMs: number
}

export interface Memory {
  /** Sum over the processes of the most that each has had. */
  readonly peakBytes: number
  /** Sum of what they have now. */
  readonly residentBytes: number
}

export function readCpu(root: number): CpuReading {
  let [ticksMs, exactMs] = [0, 0]
  for (const id of treeOf(root)) {
    ticksMs += ticksOf(id) * TICK_MS
    for (const thread of threadsOf(id)) exactMs += scheduledMsOf(id, thread)
  }
  return { ticksMs, exactMs }
}

/** Exact, unless threads or processes have ended in between and taken their share with them. */
export function cpuMsBetween(start: CpuReading, end: CpuReading): number {
  const [ticksMs, exactMs] = [end.ticksMs - start.ticksMs, end.exactMs - start.exactMs]
  return exactMs > ticksMs - TICKS_ERROR_MS ? exactMs : ticksMs
}

export function memoryOfTree(root: number): Memory {
  let [peakBytes, residentBytes] = [0, 0]
  for (const id of treeOf(root)) {
    const status = read(id, 'status')
    peakBytes += kibibytes(status, 'VmHWM') * 1024
    residentBytes += kibibytes(status, 'VmRSS') * 1024
  }
  return { peakBytes, residentBytes }
}

function treeOf(root: number): number[] {
  const found = [root]
  for (let index = 0; index < found.length; index++) found.push(...childrenOf(found[index]!))
  return found
}

/** Each thread lists the children that it has started. */
function childrenOf(id: number): number[] {
  return threadsOf(id).flatMap((thread) => numbers(read(id, `task/${thread}/children`)))
}

function threadsOf(id: number): string[] {
  try {
    return readdirSync(`/proc/${id}/task`)
  } catch (_ended) {
    return []
  }
}

/** User and system time, and those of children that have ended. */
function ticksOf(id: number): number {
  // The name in parentheses may hold anything; utime, the 14th field, is the 12th behind it.
  const times = numbers(read(id, 'stat').replace(/^.*\) /, ''), 11).slice(0, 4)
  return times.reduce((sum, ticks) => sum + ticks, 0)
}

/** 0 where the kernel was built without it. */
function scheduledMsOf(id: number, thread: string): number {
  return (numbers(read(id, `task/${thread}/schedstat`))[0] ?? 0) / 1e6
}

function numbers(text: string, from = 0): number[] {
  const words = text.split(' ').filter((word) => word.trim() !== '')
  return words.slice(from).map(Number)
}

function kibibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}

/** Empty when the process has ended meanwhile. */
function read(id: number, name: string): string {
  try {
    return readFileSync(`/proc/${id}/${name}`, 'utf8')
  } catch (_ended) {
    return ''
  }
}
