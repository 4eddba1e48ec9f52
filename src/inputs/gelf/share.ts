/** What everything that reads messages in one `gelf` input has in common. */
import type { GelfDecoderOptions } from '../../codecs/gelf/decoder.ts'
import type { RenderTag } from '../../codecs/gelf/collector.ts'
import { gelfSource, type GelfSource } from '../../codecs/gelf/source.ts'
import { entrySeconds } from '../../codecs/entry.ts'
import { Zone } from '../../codecs/time/zone.ts'
import { sizeInBytes } from '../../config/units.ts'
import type { InputContext } from '../../pipeline/component.ts'
import { EventFields } from '../../pipeline/placeholders/event-fields.ts'
import { Template } from '../../pipeline/placeholders/template.ts'
import type { Source } from '../support/decoded.ts'
import { gelfMetrics, type GelfMetrics } from './metrics.ts'
import type { GelfConfig } from './schema.ts'

/** What a message that cannot be read says of its sender, if no other key is configured. */
const SOURCE_ADDRESS_KEY = 'source_address'

export interface GelfShare {
  readonly config: GelfConfig
  readonly context: InputContext
  readonly metrics: GelfMetrics
  readonly decoder: GelfDecoderOptions
  sourceOf(source: Source): GelfSource
}

export function gelfShare(config: GelfConfig, context: InputContext): GelfShare {
  const metrics = gelfMetrics(context.metrics)
  const decoder = {
    fields: config.fields,
    messageKey: config.message_key,
    strict: config.strict,
    depthMax: config.depth_max,
    tagMaxBytes: sizeInBytes(config.tag_max),
    renderTag: tagRenderer(config.tag),
    defaultTag: config.default_tag,
    delimiter: config.delimiter,
    messageMaxBytes: sizeInBytes(config.message_max),
    now: () => context.clock.now(),
    onFailed: (reason: string) => metrics.parseFailed(reason).add(1),
  }
  return { config, context, metrics, decoder, sourceOf: (source) => sourceOf(config, source) }
}

function sourceOf(config: GelfConfig, { address, hostname }: Source): GelfSource {
  const { source_address_key: addressKey, source_hostname_key: hostnameKey } = config
  if (address === null) return gelfSource([])
  const every: { key: string; value: string }[] = []
  if (addressKey !== undefined) every.push({ key: addressKey, value: address })
  if (hostnameKey !== undefined) every.push({ key: hostnameKey, value: hostname })
  if (addressKey !== undefined) return gelfSource(every)
  return gelfSource(every, [...every, { key: SOURCE_ADDRESS_KEY, value: address }])
}

function tagRenderer(text: string | undefined): RenderTag | null {
  if (text === undefined || text === '${tag}') return null
  const template = new Template(text)
  const fields = new EventFields(template.fields)
  const utc = new Zone('UTC')
  return (tag, entries, offset) => {
    const utcMs = entrySeconds(entries, offset) * 1000
    return template.render({ tag, utcMs, fields: fields.valuesAt(entries, offset) }, utc)
  }
}
