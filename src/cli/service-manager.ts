/**
 * Tells systemd how the collector is: sd_notify(3), and the watchdog of sd_watchdog_enabled(3).
 * Node has no unix datagram sockets, so systemd's own `systemd-notify` sends the messages, and the
 * unit needs `NotifyAccess=all` (docs/decisions/service-manager.md). Elsewhere nothing is done.
 */
import { execFile } from 'node:child_process'
import type { Cancel, Timers } from '../pipeline/clock.ts'
import type { Logger } from '../pipeline/logger.ts'

const PROGRAM = 'systemd-notify'
/** A message that is not taken by then is given up. */
const LIMIT_MS = 5_000

export interface ServiceManagerOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  readonly timers: Timers
  readonly logger: Logger
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions
  /** One message after the other, in their order. */
  #sent: Promise<void> = Promise.resolve()
  #cancelWatchdog: Cancel | null = null
  #isSilent: boolean
  #isStopping = false

  constructor(options: ServiceManagerOptions) {
    this.#options = options
    this.#isSilent = !options.env['NOTIFY_SOCKET']
  }

  /** Listening. From now on the watchdog is told that the event loop turns. */
  ready(status: string): void {
    if (this.#isStopping) return
    this.#send('READY=1', `STATUS=${status}`)
    const everyMs = watchdogMs(this.#options)
    if (everyMs === null || this.#cancelWatchdog !== null) return
    this.#cancelWatchdog = this.#options.timers.every(everyMs, () => this.#send('WATCHDOG=1'))
  }

  /** A `ready` has to follow, whatever becomes of the reload. */
  reloading(): void {
    if (this.#isStopping) return
    // Of CLOCK_MONOTONIC, in microseconds, as systemd compares it with its own.
    const now = process.hrtime.bigint() / 1000n
    this.#send('RELOADING=1', `MONOTONIC_USEC=${now}`, 'STATUS=reloading')
  }

  /**
   * Settles when systemd knows. The watchdog is told on: stopping may take long. But a reload that
   * ends meanwhile is not told any more: `READY=1` would say that it goes on.
   */
  stopping(): Promise<void> {
    if (this.#isStopping) return this.#sent
    this.#isStopping = true
    this.#send('STOPPING=1', 'STATUS=stopping')
    return this.#sent
  }

  /** Says nothing more. */
  close(): void {
    this.#cancelWatchdog?.()
    this.#isSilent = true
  }

  #send(...assignments: readonly string[]): void {
    if (this.#isSilent) return
    this.#sent = this.#sent.then(() => this.#run(assignments))
  }

  #run(assignments: readonly string[]): Promise<void> {
    const { env, logger } = this.#options
    return new Promise((resolve) => {
      execFile(PROGRAM, assignments, { env: { ...env }, timeout: LIMIT_MS }, (error) => {
        if (error) {
          const message = 'cannot tell systemd; expected its systemd-notify on PATH'
          logger.warn({ assignments, error }, message)
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#isSilent = true
        }
        resolve()
      })
    })
  }
}

/** Half of what systemd allows between two signs of life; null if it wants none of this process. */
function watchdogMs({ env, pid }: ServiceManagerOptions): number | null {
  const microseconds = Number(env['WATCHDOG_USEC'])
  const isForUs = (env['WATCHDOG_PID'] ?? String(pid)) === String(pid)
  if (!isForUs || !Number.isFinite(microseconds) || microseconds <= 0) return null
  return Math.max(1, Math.floor(microseconds / 2000))
}
