/**
 * The HTTP server of a collector, which a reload may move to another address. The request that
 * asked for the reload came over the former one and is still answered there.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config/model.ts'
import type { HttpServer } from './http/server.ts'
import type { CollectorView } from './http/view.ts'
import type { Logger } from './pipeline/logger.ts'

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
}

export class HttpService {
  readonly #options: HttpServiceOptions
  #server: HttpServer | null = null
  readonly #retired: HttpServer[] = []

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
    const servers = [...this.#retired.splice(0), ...(this.#server ? [this.#server] : [])]
    await Promise.all(servers.map((server) => server.close()))
  }

  #retire(server: HttpServer): void {
    server.retire()
    this.#retired.push(server)
  }

  async #open({ enabled, listen }: HttpConfig): Promise<HttpServer | null> {
    if (!enabled) return null
    const { startHttp } = await import('./http/server.ts')
    return startHttp({ listen, ...this.#options })
  }
}

/** The same for two addresses that cannot be listened on at once. */
function portOf({ listen }: HttpConfig): string {
  return /:\d+$/.exec(listen)?.[0] ?? listen
}
