/**
 * Asks again and again for what is new. Events come late (buffers, the server's refresh, which
 * differs by shard), so their number over the last while tells whether some have come in between.
 *
 *     ── start ──── since ─────────────── newest ──▶
 *                   │◀─── LATE_MS ────▶│  shown first
 *                   counted; looked through if more are there than were shown
 */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../pipeline/clock.ts'
import type { Hit, SearchAnswer } from '../../search/server/answer.ts'
import { countBody, searchBody, type SearchRequest } from '../../search/server/search-body.ts'
import { CommandError, printError } from '../command.ts'
import type { SearchedServer } from './server.ts'

const ASK_EVERY_MS = 1_000
/** Events that come later than this after a newer one are not shown. */
const LATE_MS = 60_000

type Follow = Required<Pick<SearchRequest, 'query' | 'fields'>> & {
  /** Nothing older is shown, ever: RFC 3339; absent where everything was shown so far. */
  readonly start: string | undefined
  /** Shown already. */
  readonly shown: readonly Pick<Hit, 'id' | 'time'>[]
  readonly show: (answer: SearchAnswer) => void
}

/** Until the process ends: a server that is away is asked until it is back. */
export async function follow(server: SearchedServer, options: Follow): Promise<never> {
  const follower = new Follower(server, options)
  let problem = ''
  for (;;) {
    try {
      await follower.look()
      problem = ''
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      if (error.message !== problem) printError(`${error.message}; it is asked again`)
      problem = error.message
    }
    await pause(ASK_EVERY_MS)
  }
}

class Follower {
  readonly #server: SearchedServer
  readonly #options: Follow
  /** By id, the time in milliseconds (NaN: it has none): all that was shown of what is counted. */
  readonly #shown = new Map<string, number>()
  readonly #startMs: number
  #newestMs = Number.NEGATIVE_INFINITY

  constructor(server: SearchedServer, options: Follow) {
    this.#server = server
    this.#options = options
    const { start, shown } = options
    this.#startMs = start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(start)
    for (const hit of shown) this.#note(hit)
    this.#forgetOld()
  }

  async look(): Promise<void> {
    const { query, fields } = this.#options
    const since = timeText(this.#sinceMs)
    const { total } = await this.#server.search(countBody({ query, since, fields }))
    const before = this.#shown.size
    if (total === before) return
    await this.#showFrom(Math.max(this.#newestMs, this.#startMs))
    const hasLate = this.#shown.size < total || this.#shown.size === before
    if (hasLate && since !== undefined) await this.#showFrom(Date.parse(since))
    this.#forgetOld()
  }

  get #sinceMs(): number {
    return Math.max(this.#startMs, this.#newestMs - LATE_MS)
  }

  async #showFrom(sinceMs: number): Promise<void> {
    const { query, fields, show } = this.#options
    const since = timeText(sinceMs)
    const body = searchBody({ query, since, order: 'oldest', fields })
    for await (const answer of this.#server.pages(body, Number.POSITIVE_INFINITY)) {
      show({ ...answer, hits: answer.hits.filter(({ id }) => !this.#shown.has(id)) })
      for (const hit of answer.hits) this.#note(hit)
    }
  }

  /** A clock that is ahead must not make all that follows too late to be shown. */
  #note({ id, time }: Pick<Hit, 'id' | 'time'>): void {
    const ms = Date.parse(time)
    this.#shown.set(id, ms)
    const newest = Math.min(ms, systemClock.now())
    if (newest > this.#newestMs) this.#newestMs = newest
  }

  #forgetOld(): void {
    const sinceMs = this.#sinceMs
    if (sinceMs === Number.NEGATIVE_INFINITY) return
    for (const [id, ms] of this.#shown) if (!(ms >= sinceMs)) this.#shown.delete(id)
  }
}

function timeText(ms: number): string | undefined {
  return ms === Number.NEGATIVE_INFINITY ? undefined : new Date(ms).toISOString()
}
