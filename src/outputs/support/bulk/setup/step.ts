/** The set-up as a step before the first document, of an output's options. */
import { durationInMs } from '../../../../config/units.ts'
import type { Logger } from '../../../../pipeline/logger.ts'
import type { Product } from '../identify.ts'
import { notTaken } from '../request-outcome.ts'
import type { BulkConfig } from '../schema.ts'
import type { SetUp } from '../session.ts'
import { targetPattern } from '../target.ts'
import type { Transport } from '../transport.ts'
import { ensureSetup } from './ensure.ts'
import type { SetupOptions } from './options.ts'
import { SetupPostponed } from './store.ts'

export interface SetupParts {
  readonly product: Product
  readonly transport: Transport
  readonly logger: Logger
}

/** Each warning is logged once, as this is done again whenever the server was away. */
export function setUpStep(config: BulkConfig, { product, transport, logger }: SetupParts): SetUp {
  const options = setupOf(config, product)
  const said = new Set<string>()
  return async (_identity, signal) => {
    if (!options) return null
    try {
      const { done, warnings } = await ensureSetup(transport, options, signal)
      for (const message of done) logger.info({ setup: message }, 'the server was set up')
      const fresh = warnings.filter((message) => !said.has(message))
      for (const message of fresh) said.add(message)
      if (fresh.length > 0)
        logger.warn({ warnings: fresh.join('; ') }, 'the server is not set up as it could be')
      return null
    } catch (error) {
      if (error instanceof SetupPostponed) return notTaken(error.reply)
      throw error
    }
  }
}

/** Null if nothing is to be set up: it is off, or names may be anything. */
export function setupOf(config: BulkConfig, product: Product): SetupOptions | null {
  const pattern = targetPattern(config)
  if (config.setup === 'off' || pattern.startsWith('*')) return null
  return {
    ...{ product, pattern },
    isDataStream: config.index === undefined,
    retentionMs: config.retention === undefined ? null : durationInMs(config.retention),
    timeField: config.time_field,
    tagField: config.tag_field === '' ? null : config.tag_field,
  }
}
