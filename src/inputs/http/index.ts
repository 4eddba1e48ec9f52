/**
 * `http` input: events by POST, with the interface of Fluentd's `in_http`
 * (https://docs.fluentd.org/input/http) and NDJSON of any length.
 * Options: schema.ts. One request: intake.ts. Sockets and answers: ../support/http-listener.ts.
 */
import type { FastifyInstance } from 'fastify'
import { durationInMs, sizeInBytes } from '../../config/units.ts'
import { defineInput, type Input, type InputContext } from '../../pipeline/component.ts'
import { readerOf } from '../../pipeline/formats/create.ts'
import { HttpError } from '../support/http-error.ts'
import { HttpListener, httpStreamOptions } from '../support/http-listener.ts'
import { InFlight } from '../support/in-flight.ts'
import { listenAddresses, parseListenAddress } from '../support/listen-list.ts'
import { parseTag } from '../support/tag-template.ts'
import { Access } from './access.ts'
import { Intake, type IntakeShare } from './intake.ts'
import { httpMetrics } from './metrics.ts'
import { httpFaults, httpSchema, type HttpConfig, TAG_NAMES } from './schema.ts'

export const http = defineInput({
  type: 'http',
  summary:
    "Receives events by HTTP POST, as Fluentd's `in_http` does: JSON, NDJSON, msgpack, text.",
  configSchema: httpSchema,
  faults: httpFaults,
  resources: ({ listen }) => listenAddresses(listen),
  create: (config, context) => new HttpInput(config, context),
})

const OTHER_METHODS = ['GET', 'PUT', 'PATCH', 'DELETE'] as const

class HttpInput implements Input {
  readonly #context: InputContext
  readonly #access: Access
  readonly #listener: HttpListener
  readonly #share: IntakeShare
  #stopped: Promise<void> | null = null

  constructor(config: HttpConfig, context: InputContext) {
    this.#context = context
    this.#access = new Access(config)
    this.#listener = new HttpListener({
      addresses: listenAddresses(config.listen).map(parseListenAddress),
      stream: httpStreamOptions(config, context),
      idleMs: durationInMs(config.idle_timeout),
      routes: (app) => this.#addRoutes(app),
    })
    this.#share = shareOf(config, context, this.#listener.closing)
  }

  get addresses(): readonly string[] {
    return this.#listener.addresses
  }

  start(): Promise<void> {
    return this.#listener.open()
  }

  stop(deadline: AbortSignal): Promise<void> {
    return (this.#stopped ??= this.#stop(deadline))
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    await this.#listener.stop(deadline)
    this.#context.memory.close()
  }

  #addRoutes(app: FastifyInstance): void {
    const { metrics } = this.#share
    app.addHook('onResponse', (_request, reply, done) => {
      metrics.answers(reply.statusCode).add(1)
      done()
    })
    for (const path of ['/', '/healthz'])
      app.get(path, (_request, reply) => reply.send({ status: 'ok' }))
    app.options('/*', (request, reply) => this.#access.preflight(request, reply))
    app.route({ method: [...OTHER_METHODS], url: '/*', handler: ({ method }) => refuse(method) })
    app.post('/*', async (request, reply) => {
      this.#access.checkOrigin(request, reply)
      this.#access.checkToken(request)
      return new Intake(request, this.#share).answer(reply)
    })
  }
}

function shareOf(config: HttpConfig, context: InputContext, closing: AbortSignal): IntakeShare {
  const { metrics, memory } = context
  return {
    ...{ config, context, closing },
    inFlight: new InFlight(sizeInBytes(config.in_flight_max), metrics, memory),
    metrics: httpMetrics(metrics),
    sizes: {
      body: sizeInBytes(config.body_max),
      line: sizeInBytes(config.line_max),
      decompressed: sizeInBytes(config.decompressed_max),
      requestInFlight: sizeInBytes(config.request_in_flight_max),
    },
    tag: {
      parts: parseTag(config.tag, TAG_NAMES),
      prefix: config.add_tag_prefix === undefined ? '' : `${config.add_tag_prefix}.`,
      tagMaxBytes: sizeInBytes(config.tag_max),
    },
    timeReader: timeReaderOf(config, context),
    roomTimeoutMs: durationInMs(config.room_timeout),
    answerTimeoutMs: durationInMs(config.answer_timeout),
  }
}

/** The usual ways are read in the kernel, whatever the unit of a number. */
function timeReaderOf({ time_format, time_zone }: HttpConfig, { clock }: InputContext) {
  if (time_format === 'auto' && time_zone === 'UTC') return null
  return readerOf(time_format, time_zone, { now: () => clock.now() })
}

function refuse(method: string): never {
  const message = `cannot ${method} events; expected POST /TAG`
  throw new HttpError(405, message, { reason: 'method', headers: { allow: 'POST, OPTIONS' } })
}
