/**
 * Sets up the server for a target, before the first event is written there: a data stream or index
 * that comes to be without its template has guessed types for ever. What is there already, and
 * not ours, stays; what a server does not offer or allow is a warning, never a stop.
 */
import type { Transport } from '../transport.ts'
import {
  fieldsTemplate,
  ilmPolicy,
  indexTemplate,
  ismPolicy,
  type Lifecycle,
  policyLifecycle,
  type Resource,
  streamLifecycle,
} from './desired.ts'
import type { SetupOptions } from './options.ts'
import { reasonOf, store, type Stored, type StoreOptions } from './store.ts'

export interface SetupReport {
  /** What was made or changed: `created the index template logboom-logs`; planned: `create …`. */
  readonly done: readonly string[]
  /** What is there as it should be: `index template logboom-logs`. */
  readonly same: readonly string[]
  /** What could not be, and what that means. */
  readonly warnings: readonly string[]
}

/** Rejects with a `TransportError`, or with `SetupPostponed` if it is to be tried again. */
export async function ensureSetup(
  transport: Transport,
  options: SetupOptions,
  signal: AbortSignal,
): Promise<SetupReport> {
  return new Setup(options, { transport, signal, isDry: false }).run()
}

/** What `ensureSetup` would do; nothing is written. Rejects as that does. */
export async function planSetup(
  transport: Transport,
  options: SetupOptions,
  signal: AbortSignal,
): Promise<SetupReport> {
  return new Setup(options, { transport, signal, isDry: true }).run()
}

const PLANNED = { created: 'create', updated: 'update' } as const

class Setup {
  readonly #options: SetupOptions
  readonly #how: StoreOptions
  readonly #done: string[] = []
  readonly #same: string[] = []
  readonly #warnings: string[] = []

  constructor(options: SetupOptions, how: StoreOptions) {
    this.#options = options
    this.#how = how
  }

  async run(): Promise<SetupReport> {
    const hasFields = await this.#store(fieldsTemplate(this.#options))
    const lifecycle = await this.#retention()
    // Composed of something that is not there, it would be refused.
    const template = indexTemplate(this.#options, lifecycle)
    if (
      hasFields &&
      (await this.#store(template)) &&
      lifecycle !== null &&
      'lifecycle' in lifecycle
    )
      await this.#applyToStreams(lifecycle.lifecycle)
    return { done: this.#done, same: this.#same, warnings: this.#warnings }
  }

  /** What the index template says of it; null where something else does, or nothing. */
  async #retention(): Promise<Lifecycle | null> {
    const { product, isDataStream, retentionMs, pattern } = this.#options
    if (retentionMs === null) return null
    if (product === 'opensearch') {
      await this.#store(ismPolicy(this.#options))
      return null
    }
    if (isDataStream) return streamLifecycle(retentionMs)
    return (await this.#store(ilmPolicy(this.#options))) ? policyLifecycle(pattern) : null
  }

  /** A template is for data streams to come; those that are there have a retention of their own. */
  async #applyToStreams(body: object): Promise<void> {
    const { transport, signal, isDry } = this.#how
    if (isDry) return
    const path = `/_data_stream/${encodeURIComponent(this.#options.pattern)}/_lifecycle`
    const request = { method: 'PUT', path, body: JSON.stringify(body) } as const
    const reply = await transport.request(request, signal)
    if (reply.status < 300 || reply.status === 404) return
    this.#warn(`data streams that are there keep their retention: ${reasonOf(reply)}`)
  }

  /** Whether it is there. */
  async #store(resource: Resource): Promise<boolean> {
    const stored = await store(resource, this.#how)
    this.#report(resource, stored)
    return stored.kind !== 'unsupported' && stored.kind !== 'refused'
  }

  #report({ title }: Resource, stored: Stored): void {
    switch (stored.kind) {
      case 'same':
        this.#same.push(title)
        return
      case 'created':
      case 'updated': {
        const verb = this.#how.isDry ? PLANNED[stored.kind] : stored.kind
        this.#done.push(`${verb} the ${title}`)
        const { without } = stored
        if (without.length > 0) this.#warn(`the ${title} is without ${without.join(', ')}`)
        return
      }
      case 'foreign':
        return this.#warn(`the ${title} is somebody else's and stays as it is`)
      case 'newer':
        return this.#warn(`the ${title} is of a later version of Logboom and stays as it is`)
      case 'unsupported':
        return this.#warn(`the server has no API for the ${title}; expected it, or no retention`)
      case 'refused':
        return this.#warn(`the server refuses the ${title}: ${stored.reason}`)
    }
  }

  #warn(message: string): void {
    this.#warnings.push(message)
  }
}
