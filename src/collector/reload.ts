/**
 * Reads the configuration file again and has the collector go over to it, for SIGHUP and for
 * `POST /api/reload`. Whatever is wrong with the file or with what it asks for, the configuration
 * before goes on. One reload at a time: those asked for meanwhile are one more.
 */
import { resolve } from 'node:path'
import type { Collector } from './collector.ts'
import { messageOf } from '../config/cause.ts'
import { renderDiagnostics } from '../config/diagnostic.ts'
import type { Config } from '../config/model.ts'
import type { ReloadResult } from '../http/view.ts'
import type { Logger } from '../pipeline/logger.ts'

/** What the file says now; without a configuration when it says something wrong. */
export interface Reading {
  readonly config?: Config | undefined
  /** For people, with file, line and caret; empty if there is nothing to say. */
  readonly diagnostics: string
}

export interface ReloaderOptions {
  readonly collector: Collector
  /** Throws if the file cannot be read. */
  readonly read: () => Reading
  readonly logger: Logger
}

export class Reloader {
  readonly #options: ReloaderOptions
  #running: Promise<ReloadResult> | null = null
  #next: Promise<ReloadResult> | null = null

  constructor(options: ReloaderOptions) {
    this.#options = options
  }

  /** Settles when a reload that began after this call is done. Never rejects. */
  request(): Promise<ReloadResult> {
    if (this.#running === null) return this.#run()
    this.#next ??= this.#running.then(() => {
      this.#next = null
      return this.#run()
    })
    return this.#next
  }

  #run(): Promise<ReloadResult> {
    const running = this.#reload()
    this.#running = running
    void running.then(() => {
      if (this.#running === running) this.#running = null
    })
    return running
  }

  async #reload(): Promise<ReloadResult> {
    const { collector, logger } = this.#options
    logger.info({}, 'reloading')
    try {
      await collector.start()
      const { config, diagnostics } = this.#options.read()
      if (!config) return this.#refuse(diagnostics)
      const { data_dir } = collector.config
      if (resolve(config.data_dir) !== resolve(data_dir))
        return this.#refuse(otherFolder(config.data_dir, data_dir))
      const changes = await collector.reload({ ...config, data_dir })
      logger.info({ ...changes }, 'reloaded')
      return { outcome: 'reloaded', ...changes }
    } catch (error) {
      logger.error({ error }, 'cannot reload; the configuration before goes on')
      return { outcome: 'failed', reason: messageOf(error) }
    }
  }

  #refuse(diagnostics: string): ReloadResult {
    const message = 'cannot reload: the configuration is not valid; the one before goes on'
    this.#options.logger.error({ diagnostics }, message)
    return { outcome: 'invalid', diagnostics }
  }
}

/**
 * What buffers, filters and dead letters keep there cannot go along while they are in use, and to
 * take over only the rest would leave a file that says what is not so.
 */
function otherFolder(wanted: string, present: string): string {
  const message =
    `data_dir: cannot change to ${JSON.stringify(wanted)} while the collector runs; ` +
    `expected ${JSON.stringify(present)}, or a restart`
  return renderDiagnostics([{ severity: 'error', message }])
}
