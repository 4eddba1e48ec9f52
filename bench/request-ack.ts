/**
 * How many lines per second one container gets through with `fluentd-request-ack`, where every
 * line waits for its acknowledgement, and several containers together. Needs root, `dockerd`,
 * `docker` and `busybox`. Run: `node bench/request-ack.ts [lines per container]`
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CollectorProcess, simpleConfig } from '../test/support/collector-process.ts'
import { DockerDaemon } from '../test/support/docker-daemon.ts'
import { findTool } from '../test/support/tool.ts'

const LINES = Number(process.argv[2] ?? 50_000)
const GOAL = 5000
const POLL_MS = 100

function tool(name: string): string {
  const path = findTool(name)
  if (path === undefined) throw new Error(`cannot measure: ${name} is not on PATH`)
  return path
}

/** Lines per second from the first tenth to the last line; start and end of containers left out. */
async function measure(daemon: DockerDaemon, containers: number): Promise<number> {
  await using collector = await CollectorProcess.start({ config: simpleConfig })
  const log = {
    'fluentd-address': `127.0.0.1:${collector.places.forward}`,
    'fluentd-request-ack': 'true',
    tag: 'bench',
  }
  const total = LINES * containers
  const launched = Array.from({ length: containers }, () =>
    daemon.launch({ script: `seq 1 ${LINES}; sleep 1000`, log }),
  )
  const ids = await Promise.all(launched)
  const first = await progress(collector, total / 10)
  const last = await progress(collector, total)
  await daemon.remove(...ids)
  await collector.stop()
  return ((last.received - first.received) / (last.at - first.at)) * 1000
}

/** Asks seldom, because answering takes the collector from what is measured. */
async function progress(collector: CollectorProcess, count: number) {
  for (;;) {
    const { received } = await collector.ledger()
    if (received >= count) return { received, at: performance.now() }
    await sleep(POLL_MS)
  }
}

const tools = { dockerd: tool('dockerd'), docker: tool('docker'), busybox: tool('busybox') }
await using daemon = await DockerDaemon.start(tools)
for (const containers of [1, 4, 16]) {
  const rate = await measure(daemon, containers)
  const goal = containers === 1 ? ` (goal: ${GOAL})` : ''
  console.log(`${containers} container(s): ${Math.round(rate)} acknowledged lines/s${goal}`)
}
