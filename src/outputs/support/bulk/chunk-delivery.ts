/**
 * Brings the documents of one chunk to the server, body after body in their order, and settles the
 * fate of each.
 *
 *     chunk ─▶ lot ─▶ lot ─▶ …          too large, or refused as a whole: halves
 *               │                        items refused for what is in them: repaired, sent again
 *               ▼                        not taken: the rest waits, nothing more is sent
 *             fates ─▶ answer
 */
import type { BulkOperation } from '../../../codecs/bulk/format.ts'
import type { BulkAnswer, SentDocuments } from '../../../codecs/bulk/answer.ts'
import type { Fates } from './fates.ts'
import { HELD, REJECTED, REPAIRED, FAILURE_STORE, RETRY, STORED } from './fates.ts'
import { failureText, itemOutcome, REPAIR } from './item-outcome.ts'
import { bytesOf, cutLot, documentAt, halveLot, type Lot } from './lot.ts'
import type { Repairs } from './repairs.ts'
import type { NotTaken, RequestOutcome } from './request-outcome.ts'

export interface ChunkDeliveryOptions {
  readonly operation: BulkOperation
  readonly fates: Fates
  /** Null if nothing is to be changed. */
  readonly repairs: Repairs | null
  /** Most bytes of the next body. */
  readonly bodyBytes: () => number
  /** Sends documents, and says what the server answered to all of them. */
  readonly send: (sent: SentDocuments, body: Uint8Array) => Promise<RequestOutcome>
}

export class ChunkDelivery {
  readonly #options: ChunkDeliveryOptions
  readonly #fates: Fates
  /** Why nothing more can be sent now. */
  #stopped: NotTaken | null = null
  /** Documents that the server refuses even alone, without taking the request. */
  readonly #unreadable = new Map<number, string>()
  #hasStored = false

  constructor(options: ChunkDeliveryOptions) {
    this.#options = options
    this.#fates = options.fates
  }

  /** `isTrusted`: this server has taken documents before, so it is not the request that is bad. */
  async run(all: Lot, isTrusted: boolean): Promise<{ readonly hasStored: boolean }> {
    await this.#sendAll(all)
    for (let lot = this.#repaired(); lot; lot = this.#repaired()) await this.#sendAll(lot)
    this.#settleUnreadable(isTrusted)
    return { hasStored: this.#hasStored }
  }

  #repaired(): Lot | null {
    return this.#options.repairs?.takeLot() ?? null
  }

  async #sendAll(all: Lot): Promise<void> {
    for (let rest: Lot | null = all; rest;) {
      const [lot, others]: [Lot, Lot | null] = cutLot(rest, this.#options.bodyBytes())
      await this.#send(lot)
      rest = others
    }
  }

  async #send(lot: Lot): Promise<void> {
    if (this.#stopped) return this.#wait(lot, this.#stopped)
    const outcome = await this.#options.send(
      { ...lot, operation: this.#options.operation },
      bytesOf(lot),
    )
    switch (outcome.kind) {
      case 'stored':
        return this.#storeAll(lot)
      case 'items':
        return this.#settle(lot, outcome.answer)
      case 'too_large':
      case 'refused':
        return this.#divide(lot, outcome)
      case 'retry':
      case 'hold':
        this.#stopped = outcome
        return this.#wait(lot, outcome)
    }
  }

  async #divide(
    lot: Lot,
    { kind, reason }: { readonly kind: 'too_large' | 'refused'; readonly reason: string },
  ): Promise<void> {
    if (lot.count > 1) {
      const [head, tail] = halveLot(lot)
      await this.#send(head)
      return this.#send(tail)
    }
    const document = documentAt(lot, 0)
    if (kind === 'refused') this.#unreadable.set(document, reason)
    else this.#fates.set(document, REJECTED, `${bytesOf(lot).length} bytes are too many: ${reason}`)
  }

  #wait(lot: Lot, { kind, reason, afterMs = 0 }: NotTaken): void {
    this.#fates.afterMs = Math.max(this.#fates.afterMs, afterMs)
    const fate = kind === 'hold' ? HELD : RETRY
    for (let index = 0; index < lot.count; index++)
      this.#fates.set(documentAt(lot, index), fate, index === 0 ? reason : undefined)
  }

  #settle(lot: Lot, { statuses, failures, failureStore }: BulkAnswer): void {
    const inFailureStore = failureStore.length === 0 ? null : new Set(failureStore)
    for (let index = 0; index < lot.count; index++) {
      const document = documentAt(lot, index)
      const status = statuses[index]!
      // The usual case.
      if (status < 300) this.#stored(document, inFailureStore?.has(index) ?? false)
      else this.#failed(document, lot, index, { status, failure: failures.get(index) })
    }
  }

  #storeAll(lot: Lot): void {
    this.#hasStored = true
    // What is sent again in another form has numbers of its own.
    if (lot.documents) {
      for (let index = 0; index < lot.count; index++) this.#stored(documentAt(lot, index), false)
    } else this.#fates.setAll(lot.first, lot.count, STORED)
  }

  #stored(document: number, isInFailureStore: boolean): void {
    this.#hasStored = true
    const isRepaired = this.#options.repairs?.has(document) ?? false
    this.#fates.set(document, isInFailureStore ? FAILURE_STORE : isRepaired ? REPAIRED : STORED)
  }

  #failed(
    document: number,
    lot: Lot,
    index: number,
    {
      status,
      failure,
    }: {
      readonly status: number
      readonly failure: Parameters<typeof itemOutcome>[1]
    },
  ): void {
    const outcome = itemOutcome(status, failure, this.#options.operation)
    const reason = failureText(status, failure)
    const { repairs } = this.#options
    if (outcome === REPAIR && failure) {
      if (repairs?.add(document, lot, lot.first + index, { failure, reason })) return
    } else if (outcome !== REPAIR && outcome !== REJECTED)
      return this.#fates.set(document, outcome, reason)
    this.#fates.set(document, REJECTED, repairs?.reasonOf(document, reason) ?? reason)
  }

  /**
   * If the server has taken nothing so far it may be all requests that it does not understand: then
   * no document is to blame.
   */
  #settleUnreadable(isTrusted: boolean): void {
    const fate = isTrusted || this.#hasStored ? REJECTED : HELD
    for (const [document, reason] of this.#unreadable) this.#fates.set(document, fate, reason)
  }
}
