/**
 * What a reload does: builds the next assembly from the one at work and goes over to it
 * (transition.ts), or back to where it was.
 */
import { assemble, type Assembly, type Surroundings } from './assembly.ts'
import { type Changes, changesBetween } from './changes.ts'
import type { Config } from '../config/model.ts'
import { durationInMs } from '../config/units.ts'
import type { HttpService, Move } from './http-service.ts'
import type { SocketPool } from '../listening/pool.ts'
import { StoppingError, transit } from './transition.ts'

export interface ChangeoverParts {
  readonly around: Surroundings
  readonly sockets: SocketPool
  readonly http: HttpService
  /** Aborted when a stop begins, and when its time is over. */
  readonly stopping: AbortSignal
  readonly overtime: AbortSignal
  /** The assembly at work. */
  readonly current: () => Assembly
  /** Another is at work from now on. */
  readonly committed: (to: Assembly) => void
  /** Why events are held back, or null if they are not. */
  readonly setProblem: (problem: string | null) => void
}

export class Changeover {
  readonly #parts: ChangeoverParts

  constructor(parts: ChangeoverParts) {
    this.#parts = parts
  }

  /**
   * What is new is bound first: an address that is taken changes nothing. Rejects when it cannot be
   * done, and then the configuration before is at work again. One at a time.
   */
  async to(config: Config): Promise<Changes> {
    const before = this.#parts.current()
    const to = assemble(config, this.#parts.around, before)
    const changes = changesBetween(before, to)
    const free = await this.#parts.sockets.reserve(this.#addressesToOpen(to))
    try {
      const move = await this.#parts.http.move(before.config.http, config.http)
      await this.#transitOrGoBack(to, move)
    } finally {
      await free()
    }
    if (changes.settings.includes('log')) await this.#parts.around.logger.configure(config.log)
    return changes
  }

  async #transitOrGoBack(to: Assembly, move: Move): Promise<void> {
    const { config } = this.#parts.current()
    try {
      await this.#transitTo(to, this.#parts.stopping)
      move.finish()
    } catch (error) {
      if (!(error instanceof StoppingError)) await this.#goBack(config, error)
      await move.undo().catch((failure: unknown) => {
        this.#parts.around.logger.error(
          { error: failure },
          'cannot serve HTTP at the former address',
        )
      })
      throw error
    }
  }

  #addressesToOpen({ inputs }: Assembly): readonly string[] {
    const coming = inputs.filter(({ isRunning }) => !isRunning)
    return coming.flatMap(({ config: { type, options } }) => {
      const definition = this.#parts.around.registry.inputs.find(
        (candidate) => candidate.type === type,
      )
      return definition?.resources(options) ?? []
    })
  }

  async #transitTo(to: Assembly, stopping: AbortSignal): Promise<void> {
    const { around, current, committed, setProblem } = this.#parts
    const { gate, ledger, logger } = around
    await transit({
      from: current(),
      to,
      gate,
      ledger,
      logger,
      limitMs: durationInMs(current().config.stop_timeout),
      stopping,
      deadline: this.#parts.overtime,
      committed: () => committed(to),
    })
    setProblem(null)
  }

  /** If even that fails, the gate stays closed: nothing is lost, and the page says why. */
  async #goBack(config: Config, cause: unknown): Promise<void> {
    try {
      const back = assemble(config, this.#parts.around, this.#parts.current())
      await this.#transitTo(back, new AbortController().signal)
    } catch (error) {
      const problem = 'a reload failed half way and could not be undone; events are held back'
      this.#parts.around.logger.error({ cause, error }, problem)
      this.#parts.setProblem(problem)
    }
  }
}
