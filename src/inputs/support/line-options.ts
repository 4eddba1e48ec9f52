/** What inputs of plain lines have in common: their options, and what makes entries of lines. */
import { Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import { sizeInBytes } from '../../config/units.ts'
import type { LineFormat } from '../../codecs/formats/format.ts'
import { LineBody } from '../../codecs/records/line-body.ts'
import { RecordCollector, type RunTime } from '../../codecs/records/record-collector.ts'
import type { Fault, InputContext } from '../../pipeline/component.ts'
import { asObject, createFormat } from '../../pipeline/formats/create.ts'
import { formatFaults } from '../../pipeline/formats/faults.ts'
import { type LineFormatConfig, lineFormatSchema } from '../../pipeline/formats/schema.ts'
import type { Counter } from '../../pipeline/metrics.ts'
import type { Source } from './decoded.ts'
import { parseTag, renderTag, tagFaults } from './tag-template.ts'

const TAG_NAMES = ['source_address', 'source_hostname'] as const
/** The field of pieces in formats that do not take any text: what could be read is for nobody. */
const RAW_KEY = 'log'

export const lineFields = {
  format: lineFormatSchema({
    description:
      'What a line is made of; `none` makes one field `log` of it. A line that cannot be read is ' +
      'kept as `message` with `parse_failed`.',
    default: 'none',
  }),
  delimiter: Type.String({
    description: 'What ends a line. A carriage return before a line break belongs to it.',
    default: '\n',
    minLength: 1,
    maxLength: 16,
    examples: ['\0', '\r\n\r\n'],
  }),
  line_max: Size({
    description:
      'Longest line; a longer one becomes several events of this size, all but the last with ' +
      '`truncated: true`.',
    default: '1MiB',
  }),
}

export interface LineConfig {
  readonly tag: string
  readonly format: LineFormatConfig
  readonly delimiter: string
  readonly line_max: string
  readonly source_address_key?: string
  readonly source_hostname_key?: string
}

/** The option `tag` of an input whose lines come from somebody. */
export function lineTag(type: string) {
  return Type.String({
    description:
      'Tag of the events; `${source_address}` and `${source_hostname}` (which needs ' +
      '`source_hostname_key`) stand for who sent them.',
    default: type,
    minLength: 1,
    examples: [`${type}.\${source_address}`],
  })
}

export function lineFaults(config: LineConfig): Fault[] {
  return [...tagFaults(config.tag, TAG_NAMES), ...formatFaults(config.format)]
}

/** Makes entries of the lines of one sender. */
export interface SenderLines {
  readonly tag: string
  readonly body: LineBody
  readonly collector: RecordCollector
}

export class LineMaker {
  readonly parseFailed: Counter
  readonly #config: LineConfig
  readonly #context: InputContext
  readonly #tag: ReturnType<typeof parseTag>
  /** Of all senders: it keeps nothing from line to line. */
  readonly #format: LineFormat

  constructor(config: LineConfig, context: InputContext) {
    this.#config = config
    this.#context = context
    this.#tag = parseTag(config.tag, TAG_NAMES)
    this.#format = createFormat(config.format, { now: () => context.clock.now() })
    this.parseFailed = context.metrics.counter('parse_failed_total', 'Lines kept as they came.')
  }

  /** Whether lines are told apart by who sent them, even those that can be read. */
  get needsSource(): boolean {
    const { source_address_key, source_hostname_key, format } = this.#config
    const asks = source_address_key !== undefined || source_hostname_key !== undefined
    return asks || this.#tag.some(({ kind }) => kind === 'named') || format !== 'none'
  }

  of(source: Source): SenderLines {
    const { format, delimiter, line_max } = this.#config
    const body = new LineBody({
      format: this.#format,
      lineMaxBytes: sizeInBytes(line_max),
      pieceKey: pieceKeyOf(format),
      delimiter: Buffer.from(delimiter),
      ownsChunks: true,
    })
    const collector = new RecordCollector({
      fields: this.#fieldsOf(source),
      timeKey: null,
      failedFields: this.#failedFieldsOf(source),
    })
    return { tag: this.#tagOf(source), body, collector }
  }

  arrival(): RunTime {
    const nowMs = this.#context.clock.now()
    const seconds = Math.floor(nowMs / 1000)
    return { seconds, nanoseconds: Math.floor((nowMs - seconds * 1000) * 1e6), isFixed: false }
  }

  #tagOf({ address, hostname }: Source): string {
    return renderTag(this.#tag, (name) => (name === 'source_address' ? (address ?? '') : hostname))
  }

  #fieldsOf({ address, hostname }: Source): [string, string][] {
    const { source_address_key: addressKey, source_hostname_key: hostnameKey } = this.#config
    const fields: [string, string][] = []
    if (address === null) return fields
    if (addressKey !== undefined) fields.push([addressKey, address])
    if (hostnameKey !== undefined) fields.push([hostnameKey, hostname])
    return fields
  }

  #failedFieldsOf({ address }: Source): [string, string][] {
    if (address === null || this.#config.source_address_key !== undefined) return []
    return [['source_address', address]]
  }
}

function pieceKeyOf(format: LineFormatConfig): string | null {
  if (Array.isArray(format)) return null
  const one = asObject(format)
  return one.type === 'none' ? (one.field ?? RAW_KEY) : null
}
