/**
 * What `logboom check --connect` finds out about the server of an output: whether each node answers
 * and is what it should be, what the set-up would make, and whether the credentials suffice.
 */
import { durationInMs } from '../../../../config/units.ts'
import { softened, type Finding, type ProbeContext } from '../../../../pipeline/probe.ts'
import { unverifiedFindings } from '../../client-tls.ts'
import { type ConnectionConfig, maskedUrl, urlsOf } from '../connection-schema.ts'
import { identify, type Product } from '../identify.ts'
import { notTaken } from '../request-outcome.ts'
import type { BulkConfig } from '../schema.ts'
import { planSetup } from '../setup/ensure.ts'
import { setupOf } from '../setup/step.ts'
import { SetupPostponed } from '../setup/store.ts'
import { type Transport, TransportError } from '../transport.ts'
import { probeRights } from './rights.ts'
import type { Way } from './way.ts'

/** Somebody waits in front of a terminal. */
const TIMEOUT_MAX = '10s'

export interface BulkProbeParts<Config> {
  readonly product: Product
  readonly transport: (config: Config) => Transport
}

interface Node {
  readonly name: string
  readonly transport: Transport
  readonly findings: readonly Finding[]
}

/** Each node is asked who it is, the first that can be used for the rest. */
export async function probeBulk<Config extends BulkConfig>(
  config: Config,
  { product, transport }: BulkProbeParts<Config>,
  { signal }: ProbeContext,
): Promise<Finding[]> {
  const nodes = await Promise.all(
    nodeConfigs(impatient(config)).map(async ({ name, own }): Promise<Node> => {
      const client = transport(own)
      const findings = await probeNode(name, client, { config, product, signal })
      return { name, transport: client, findings }
    }),
  )
  try {
    const findings = softened(nodes.map((node) => node.findings))
    const usable = nodes.find((node) => node.findings.every(({ kind }) => kind !== 'problem'))
    if (!usable) return findings
    const way = { config, product, signal, transport: usable.transport }
    return [...findings, ...(await probeSetup(way)), ...(await caught(() => probeRights(way)))]
  } finally {
    for (const node of nodes) await node.transport.close()
  }
}

function impatient<Config extends ConnectionConfig>(config: Config): Config {
  const isLong = durationInMs(config.request_timeout) > durationInMs(TIMEOUT_MAX)
  return isLong ? { ...config, request_timeout: TIMEOUT_MAX } : config
}

/** A configuration for each node alone; one without addresses says by other means where it is. */
function nodeConfigs<Config extends ConnectionConfig>(config: Config) {
  const urls = urlsOf(config)
  if (urls.length === 0) return [{ name: 'the server', own: config }]
  return urls.map((url) => ({ name: maskedUrl(url), own: { ...config, urls: [url] } }))
}

async function probeNode(
  name: string,
  transport: Transport,
  { config, product, signal }: Omit<Way, 'transport'>,
): Promise<Finding[]> {
  return caught(async () => {
    const found = await identify(transport, product, signal)
    if ('status' in found) return [{ kind: 'problem', text: notTaken(found).reason }]
    if ('problem' in found) return [{ kind: 'problem', text: found.problem }]
    const title = product === 'opensearch' ? 'OpenSearch' : 'Elasticsearch'
    const who = found.product ? `is ${title} ${found.version}` : 'answers, but not who it is'
    const tls = name.startsWith('http:') ? undefined : config.tls
    return [{ kind: 'ok', text: `${name} ${who}` }, ...unverifiedFindings(name, tls)]
  })
}

async function probeSetup({ config, product, transport, signal }: Way): Promise<Finding[]> {
  const options = setupOf(config, product)
  if (!options) {
    const why = config.setup === 'off' ? '`setup: off`' : 'its names may be anything'
    return [{ kind: 'ok', text: `nothing is set up: ${why}` }]
  }
  return caught(async () => {
    const { done, same, warnings } = await planSetup(transport, options, signal)
    return [
      ...same.map((title) => ({ kind: 'ok', text: `the ${title} is as it should be` }) as const),
      ...done.map((text) => ({ kind: 'would', text }) as const),
      ...warnings.map((text) => ({ kind: 'warning', text }) as const),
    ]
  })
}

/** What went wrong on the way as a problem. */
async function caught(run: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof TransportError || error instanceof SetupPostponed)) throw error
    return [{ kind: 'problem', text: error.message }]
  }
}
