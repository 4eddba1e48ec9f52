/**
 * The HTTP server of a collector, which a reload may move to another address. The request that
 * asked for the reload came over the former one and is still answered there.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/model.ts'
import type { HttpOptions, HttpServer } from '../http/server.ts'
import type { CollectorView } from '../http/view.ts'
import type { Logger } from '../pipeline/logger.ts'

type HttpConfig = Config['http']

/** A move whose end depends on what else is to be done. */
export interface Move {
  /** Leaves the former address. */
  finish(): void
  /** Goes back to it. */
  undo(): Promise<void>
}

export interface HttpServiceOptions {
  readonly view: CollectorView
  readonly logger: Logger
  /** For tests; the real one is loaded when it is needed. */
  readonly open?: (options: HttpOptions) => Promise<HttpServer>
}

export class HttpService {
  readonly #options: HttpServiceOptions
  #server: HttpServer | null = null
  /** With connections that have not ended. */
  readonly #retired = new Set<HttpServer>()

  constructor(options: HttpServiceOptions) {
    this.#options = options
  }

  /** Where the page is served, or null if it is not. */
  get address(): string | null {
    return this.#server?.address ?? null
  }

  /** Rejects if the address cannot be listened on. Loads the server's packages the first time. */
  async start(config: HttpConfig): Promise<void> {
    this.#server = await this.#open(config)
  }

  /**
   * Serves at the address of `to`, and at that of `from` too until the end of the move, if both can
   * be had at once. Rejects, with all as it was, if the new one cannot.
   */
  async move(from: HttpConfig, to: HttpConfig): Promise<Move> {
    if (isDeepStrictEqual(from, to)) return { finish: () => undefined, undo: async () => undefined }
    const former = this.#server
    const isInTheWay = former !== null && portOf(from) === portOf(to)
    if (isInTheWay) this.#retire(former)
    const back = async () => {
      this.#server = isInTheWay ? await this.#open(from) : former
    }
    try {
      this.#server = await this.#open(to)
    } catch (error) {
      await back()
      throw error
    }
    const next = this.#server
    return {
      finish: () => {
        if (former && !isInTheWay) this.#retire(former)
      },
      undo: async () => {
        await next?.close()
        await back()
      },
    }
  }

  /** Ends it and every connection; idempotent. */
  async close(): Promise<void> {
    const servers = [...this.#retired, ...(this.#server ? [this.#server] : [])]
    this.#retired.clear()
    await Promise.all(servers.map((server) => server.close()))
  }

  /** Lets go of it when its last connection has ended, or at the end. */
  #retire(server: HttpServer): void {
    this.#retired.add(server)
    server
      .retire()
      .then(() => this.#letGo(server))
      .catch((error: unknown) => {
        this.#options.logger.error({ error }, 'cannot close the former HTTP server')
      })
  }

  async #letGo(server: HttpServer): Promise<void> {
    if (this.#retired.delete(server)) await server.close()
  }

  async #open({ enabled, listen }: HttpConfig): Promise<HttpServer | null> {
    if (!enabled) return null
    const { view, logger, open = await loadServer() } = this.#options
    return open({ listen, view, logger })
  }
}

async function loadServer(): Promise<NonNullable<HttpServiceOptions['open']>> {
  return (await import('../http/server.ts')).startHttp
}

/** The same for two addresses that cannot be listened on at once. */
function portOf({ listen }: HttpConfig): string {
  return /:\d+$/.exec(listen)?.[0] ?? listen
}
