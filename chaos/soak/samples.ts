/** What is looked at every second of a soak. */
import { readdir, readFile } from 'node:fs/promises'
import type { World } from '../harness/scenario.ts'

export interface Sample {
  /** Seconds since the first. */
  readonly at: number
  readonly rssMiB: number
  readonly heapMiB: number
  readonly handles: number
  /** Round trips of that second; NaN when nothing was acknowledged in it. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly acknowledged: number
}

export async function takeSample(world: World, at: number): Promise<Sample> {
  const { collector, senders } = world
  const status = await readFile(`/proc/${collector.id}/status`, 'utf8')
  const handles = await readdir(`/proc/${collector.id}/fd`)
  const heap = await collector.metricSum('nodejs_heap_size_used_bytes')
  const latencies = senders.flatMap((sender) => sender.takeLatencies()).sort((a, b) => a - b)
  const quantile = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] ?? NaN
  return {
    at,
    rssMiB: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024,
    heapMiB: heap / 1024 / 1024,
    handles: handles.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    acknowledged: world.acknowledged(),
  }
}
