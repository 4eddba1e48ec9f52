/**
 * Where the time of a CPU profile goes: functions by their own time, without what they call.
 * Run: `node bench/profile.ts FILE.cpuprofile`
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
  }
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const SHOWN = 30

export interface OwnTime {
  readonly name: string
  readonly ms: number
}

/** The most expensive first. Idle time is left out. */
export function ownTimes({ nodes, samples, timeDeltas }: Profile): OwnTime[] {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!
    if (name === '(idle)') continue
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]! / 1000)
  }
  return [...times].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms)
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = url === '' ? '' : ` ${basename(url)}:${lineNumber + 1}`
  return `${functionName || '(anonymous)'}${place}`
}

function main(): void {
  const file = process.argv[2]
  if (file === undefined) throw new Error('cannot read a profile: expected FILE.cpuprofile')
  const times = ownTimes(JSON.parse(readFileSync(file, 'utf8')) as Profile)
  const totalMs = times.reduce((sum, { ms }) => sum + ms, 0)
  console.log(`${totalMs.toFixed(0)} ms`)
  for (const { name, ms } of times.slice(0, SHOWN)) {
    const share = ((ms * 100) / totalMs).toFixed(1)
    console.log(`${share.padStart(6)} %${ms.toFixed(0).padStart(8)} ms  ${name}`)
  }
}

if (import.meta.main) main()
