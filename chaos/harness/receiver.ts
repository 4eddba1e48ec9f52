/** A `forward` output, and the collector it sends to, which writes `logs`. */
import { freePort } from '../../test/support/free-port.ts'
import type { Collector } from './collector.ts'
import { configWith, fileOutput } from './configs.ts'
import type { Places, World } from './scenario.ts'

/** Most events that are on their way when a connection breaks. */
export const CHUNK_EVENTS = 1000

/** To `places.peer`; short times, so that a run meets many of them. `keys` are more of `chunk`. */
export function forwardOutput(places: Places, keys = ''): string {
  return `  peer:
    type: forward
    servers: ["tcp://127.0.0.1:${places.peer}"]
    failed_wait: 100ms
    connect_timeout: 1s
    retry: { max_interval: 200ms }
    delivery: { timeout: 1s }
    buffer: { type: disk, chunk: { max_events: ${CHUNK_EVENTS}${keys} } }`
}

export async function startReceiver(world: World, port: number): Promise<Collector> {
  const http = await freePort()
  const places = { ...world.places, http, forward: port }
  const config = configWith(places, fileOutput('files'), 'files')
  return world.another('receiver', http, config.replace('./data', './receiver-data'))
}
