/** `template_name` input: makes an event now and then. */
import type { Static } from 'typebox'
import { ByteWriter } from '../../src/codecs/byte-writer.ts'
import { ENTRY_RECORD_OFFSET, writeEntryHead } from '../../src/codecs/entry.ts'
import { writeMapHeader, writeStr } from '../../src/codecs/msgpack/writer.ts'
import { Duration } from '../../src/config/fields.ts'
import { Type } from '../../src/config/type.ts'
import { durationInMs } from '../../src/config/units.ts'
import type { Cancel } from '../../src/pipeline/clock.ts'
import { defineInput, type Input, type InputContext } from '../../src/pipeline/component.ts'

const configSchema = Type.Object(
  {
    tag: Type.String({ description: 'Tag of the events.', default: 'template_name' }),
    every: Duration({ description: 'Time between two events.', default: '1s' }),
    message: Type.String({ description: 'What the events say.', default: 'hello' }),
  },
  { additionalProperties: false },
)

type Config = Static<typeof configSchema>

export const templateName = defineInput({
  type: 'template_name',
  summary: 'Makes an event now and then.',
  configSchema,
  resources: () => [],
  create: (config, context) => new TemplateNameInput(config, context),
})

class TemplateNameInput implements Input {
  readonly addresses: readonly string[] = []
  readonly #config: Config
  readonly #context: InputContext
  #cancel: Cancel | null = null
  /** The delivery under way, if any: one at a time, so that a full pipeline holds us back. */
  #delivery: Promise<void> | null = null

  constructor(config: Config, context: InputContext) {
    this.#config = config
    this.#context = context
  }

  async start(): Promise<void> {
    const everyMs = durationInMs(this.#config.every)
    this.#cancel = this.#context.timers.every(everyMs, () => {
      this.#delivery ??= this.#deliver()
    })
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
    if (this.#delivery && !deadline.aborted) await this.#delivery
  }

  async #deliver(): Promise<void> {
    const { tag } = this.#config
    const outcome = await this.#context.deliver({ tag, entries: this.#entry(), count: 1 })
    if (outcome === 'retry') this.#context.lose(tag, 1, 'not_taken')
    this.#delivery = null
  }

  #entry(): Uint8Array {
    const now = this.#context.clock.now()
    const writer = new ByteWriter()
    writer.reserve(ENTRY_RECORD_OFFSET)
    const nanoseconds = (now % 1000) * 1_000_000
    writer.length = writeEntryHead(writer.bytes, 0, Math.floor(now / 1000), nanoseconds)
    writeMapHeader(writer, 1)
    writeStr(writer, 'message')
    writeStr(writer, this.#config.message)
    return writer.written()
  }
}
