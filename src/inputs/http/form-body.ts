/** Bodies of forms, as Fluentd's `in_http` takes them: `json=…` or `msgpack=…`, and `time=…`. */
import { CodecError } from '../../codecs/codec-error.ts'
import type { BodyDecoder } from '../../codecs/records/body-decoder.ts'
import { addJson } from '../../codecs/records/json-body.ts'
import { MsgpackBody } from '../../codecs/records/msgpack-body.ts'
import type { RecordCollector } from '../../codecs/records/record-collector.ts'
import { WholeBody } from '../../codecs/records/whole-body.ts'
import { type Parameters, readParameters } from './url-form.ts'

export interface FormBodyOptions {
  readonly depthMax: number
  readonly bytesMax: number
  /** Parameters of the URL; those of the body take their place. */
  readonly query: Parameters
  readonly now: () => number
  /** Called with all parameters before the first record is added. */
  readonly onParameters: (parameters: Parameters) => void
}

const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b

export class FormBody implements BodyDecoder {
  readonly #options: FormBodyOptions
  readonly #whole: WholeBody

  constructor(options: FormBodyOptions) {
    this.#options = options
    this.#whole = new WholeBody(options.bytesMax)
  }

  get heldBytes(): number {
    return this.#whole.heldBytes
  }

  push(bytes: Uint8Array): CodecError | null {
    return this.#whole.push(bytes)
  }

  end(collector: RecordCollector): CodecError | null {
    const bytes = this.#whole.take()
    const { query, depthMax } = this.#options
    // `curl -d '{…}'` calls it a form.
    if (bytes[0] === OPEN_OBJECT || bytes[0] === OPEN_ARRAY) {
      this.#options.onParameters(query)
      return addJson(bytes, collector, depthMax)
    }
    return addParameters(new Map([...query, ...readParameters(bytes)]), this.#options, collector)
  }
}

/** Adds the records of the parameter `msgpack` or `json`. */
export function addParameters(
  parameters: Parameters,
  options: Omit<FormBodyOptions, 'query'>,
  collector: RecordCollector,
): CodecError | null {
  const { depthMax, bytesMax, now, onParameters } = options
  onParameters(parameters)
  const msgpack = parameters.get('msgpack')
  if (msgpack) {
    const body = new MsgpackBody({ depthMax, valueMaxBytes: bytesMax, now })
    return body.push(msgpack, collector) ?? body.end()
  }
  const json = parameters.get('json')
  if (json) return addJson(json, collector, depthMax)
  const found = 'neither'
  const expected = 'a parameter json or msgpack'
  return new CodecError({ reason: 'no_parameter', offset: 0, found, expected })
}
