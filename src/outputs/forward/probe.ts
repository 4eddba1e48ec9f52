/** Tries each server of a `forward` output: its name, TLS and the handshake. Sends no event. */
import { softened, type Finding, type ProbeContext } from '../../pipeline/probe.ts'
import { unverifiedFindings } from '../support/client-tls.ts'
import { Dialer } from './dialer.ts'
import { forwardMetrics } from './metrics.ts'
import { type ForwardConfig, serversOf } from './schema.ts'

export async function probeForward(
  config: ForwardConfig,
  { timers, metrics, signal }: ProbeContext,
): Promise<Finding[]> {
  const dialer = new Dialer(config, timers, forwardMetrics(metrics))
  const servers = serversOf(config)
  return softened(
    await Promise.all(servers.map((server) => probeServer(server, { config, dialer, signal }))),
  )
}

interface Way {
  readonly config: ForwardConfig
  readonly dialer: Dialer
  readonly signal: AbortSignal
}

async function probeServer(server: string, { config, dialer, signal }: Way): Promise<Finding[]> {
  const watcher = { made: () => undefined, closed: () => undefined }
  try {
    const connection = await dialer.connect(server, signal, watcher)
    connection.close()
  } catch (error) {
    return [{ kind: 'problem', text: `${server}: ${(error as Error).message}` }]
  }
  const handshake = config.security ? ', and the handshake succeeds' : ''
  const tls = server.startsWith('tls:') ? config.tls : undefined
  const text = `${server} can be connected to${handshake}`
  return [{ kind: 'ok', text }, ...unverifiedFindings(server, tls)]
}
