/**
 * What a process and all below it have used, from /proc (proc(5)): CPU time in user and kernel
 * mode, of threads and of children that have ended too, and the most memory they had.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second here, whatever its own clock (sysconf _SC_CLK_TCK). */
const TICK_MS = 10

export interface Usage {
  readonly cpuMs: number
  /** Sum over the processes of the most that each has had in memory. */
  readonly peakBytes: number
  /** Sum of what they have in memory now. */
  readonly residentBytes: number
}

export function usageOfTree(root: number): Usage {
  const usage = { cpuMs: 0, peakBytes: 0, residentBytes: 0 }
  for (const id of treeOf(root)) {
    usage.cpuMs += cpuMsOf(id)
    const status = read(id, 'status')
    usage.peakBytes += kibibytes(status, 'VmHWM') * 1024
    usage.residentBytes += kibibytes(status, 'VmRSS') * 1024
  }
  return usage
}

/** CPU time alone, which is cheap to read. */
export function cpuMsOfTree(root: number): number {
  return treeOf(root).reduce((sum, id) => sum + cpuMsOf(id), 0)
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

/**
 * User and system time, of children that have ended too. They come in ticks; the scheduler knows
 * better, but only of threads that live, so the larger of the two is the truth.
 */
function cpuMsOf(id: number): number {
  const text = read(id, 'stat')
  // The name in parentheses may hold anything; utime, the 14th field, is the 12th behind it.
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = numbers(text.replace(/^.*\) /, ''), 11)
  const scheduledMs = threadsOf(id).map((thread) => scheduledMsOf(id, thread))
  const exactMs = scheduledMs.reduce((sum, ms) => sum + ms, 0)
  return Math.max((utime + stime) * TICK_MS, exactMs) + (cutime + cstime) * TICK_MS
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
