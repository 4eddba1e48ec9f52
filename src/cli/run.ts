/** `logboom run`: the collector from its start to an ordered stop, and the signals in between. */
import { messageOf } from '../config/cause.ts'
import { durationInMs } from '../config/units.ts'
import type { Collector } from '../collector/collector.ts'
import type { ReloadResult } from '../http/view.ts'
import type { RootLogger } from '../log.ts'
import { stdinConfigPath } from '../package.ts'
import { systemTimers } from '../pipeline/clock.ts'
import { Reloader } from '../collector/reload.ts'
import { ServiceManager } from './service-manager.ts'
import { bannerText } from './banner.ts'
import type { Command } from './command.ts'
import { EXIT_BUG, EXIT_FAILED, EXIT_OK, EXIT_STOP_TIMEOUT } from './command.ts'
import { parseOptions, print, printError, UsageError } from './command.ts'
import { CONFIG_OPTION_HELP } from './config-option.ts'
import { exitCodeOf, isStop, type Signal, signals } from './signals.ts'
import { checkTap, printTap, readTap } from './tap.ts'
import { boundYoungGeneration } from './young-generation.ts'

const help = `Usage: logboom run [-c FILE | --stdin] [--tap PATTERN]

Takes logs in, routes them by tag and writes them, until it is stopped. Without -c it
listens on 127.0.0.1 for the forward protocol (24224 tcp), syslog (5140 udp and tcp) and
GELF (12201 udp and tcp), writes ./logs/TAG.log and shows its state on
http://127.0.0.1:24220. Its own log goes to standard error.

Options:
${CONFIG_OPTION_HELP}
  --stdin             without a configuration: the lines of standard input into
                      ./logs/stdin.log; ends with the pipe, once all is written
  --tap PATTERN       print events whose tag fits as JSON lines, at most 100 a second;
                      {"missed":N} says how many were not shown
  --tap-point POINT   where: input (the default), before, after or output, or one of it:
                      after:FILTER, output:NAME

Signals:
  SIGTERM, SIGINT   stop in order: take in what has arrived, write it, acknowledge it.
                    Lasts at most stop_timeout; a second signal ends at once.
  SIGUSR1           open the output files again, after logrotate has moved them
  SIGHUP            read the configuration file again and go over to it; what did not
                    change goes on, and whatever is wrong, the one before does

Exit codes: 0 stopped in order, 1 could not start, 2 wrong usage, 3 stop_timeout passed,
70 a bug, 128 + signal number when a second signal ended it.

Examples:
  logboom run
  some-app | logboom run --stdin
  logboom check -c logboom.yaml && logboom run -c logboom.yaml
`

function parseRunOptions(args: readonly string[]) {
  const { values } = parseOptions({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      stdin: { type: 'boolean', default: false },
      tap: { type: 'string' },
      'tap-point': { type: 'string' },
    },
  })
  const { config, stdin } = values
  if (stdin && config !== undefined)
    throw new UsageError('--stdin is without -c: an input of type stdin does it in a file')
  const path = stdin ? stdinConfigPath() : (config ?? null)
  return { path, tap: readTap(values.tap, values['tap-point']) }
}

/** A bug leaves this much time to write what was taken in. */
const BUG_STOP_MS = 2_000
/** What a component may need to notice that the deadline has passed. */
const OVERTIME_MS = 1_000

export const run: Command = {
  help,
  async run(args) {
    const { path, tap } = parseRunOptions(args)
    const [{ loadAgain, loadAndReport }, { createLog }, { Collector }, { inheritedSockets }] =
      await Promise.all([
        import('./load.ts'),
        import('../log.ts'),
        import('../collector/collector.ts'),
        import('../listening/inherited.ts'),
      ])
    const loaded = loadAndReport(path)
    if (!loaded) return EXIT_FAILED
    const logger = await createLog(loaded.config.log)
    const inherited = inheritedSockets()
    const collector = new Collector(loaded.config, { logger, configPath: path, inherited })
    const reloader = new Reloader({ collector, logger, read: () => loadAgain(path) })
    if (tap) {
      checkTap(tap, collector.components)
      printTap(collector.taps, tap)
    }
    const cancel = boundYoungGeneration(systemTimers)
    try {
      return await new Session(collector, reloader, logger, tap !== undefined).run(path)
    } finally {
      cancel()
    }
  },
}

class Session {
  readonly #collector: Collector
  readonly #reloader: Reloader
  readonly #logger: RootLogger
  readonly #isTapped: boolean
  readonly #serviceManager: ServiceManager
  readonly #ended = Promise.withResolvers<number>()
  /** Whether it has come so far that the collector is at work. */
  readonly #serving = Promise.withResolvers<boolean>()
  #isStarted = false
  #isStopping = false

  constructor(collector: Collector, reloader: Reloader, logger: RootLogger, isTapped: boolean) {
    this.#isTapped = isTapped
    this.#collector = collector
    this.#reloader = reloader
    this.#logger = logger
    const { env, pid } = process
    this.#serviceManager = new ServiceManager({ env, pid, timers: systemTimers, logger })
    collector.offerReload(() => this.#reload())
  }

  /** Until the process is to end; resolves with its exit code. */
  async run(path: string | null): Promise<number> {
    process.on('uncaughtException', (error) => this.#onBug(error))
    process.on('unhandledRejection', (reason) => this.#onBug(reason))
    signals.serve((signal) => this.#onSignal(signal))
    try {
      if (!this.#isStopping) await this.#start(path)
    } catch (error) {
      return await this.#failedStart(error)
    }
    const code = await this.#ended.promise
    this.#serviceManager.close()
    this.#logger.flush()
    return code
  }

  async #start(path: string | null): Promise<void> {
    this.#isStarted = true
    await this.#collector.start()
    if (this.#isStopping) return
    void this.#collector.finished.then((input) => this.#onFinished(input))
    this.#announce(path)
    this.#serviceManager.ready(this.#status())
    this.#serving.resolve(true)
  }

  #onSignal(signal: Signal): void {
    if (isStop(signal)) this.#onStopSignal(signal)
    else if (signal === 'SIGHUP') void this.#reload()
    else void this.#reopen()
  }

  /** One that is asked for during the start is done after it. */
  async #reopen(): Promise<void> {
    if (!(await this.#serving.promise)) return
    this.#logger.info({ signal: 'SIGUSR1' }, 'reopening files')
    this.#collector.reopen()
  }

  /** Likewise. If it never comes to that, nobody is told of a reload. */
  async #reload(): Promise<ReloadResult> {
    const isServing = await this.#serving.promise
    if (!isServing || this.#isStopping)
      return { outcome: 'failed', reason: 'the collector is not running' }
    this.#serviceManager.reloading()
    const result = await this.#reloader.request()
    const problem = result.outcome === 'reloaded' ? '' : '; could not reload, see the log'
    this.#serviceManager.ready(this.#status() + problem)
    return result
  }

  #status(): string {
    const { inputs } = this.#collector.addresses
    const addresses = Object.values(inputs).flat()
    return addresses.length > 0 ? `listening on ${addresses.join(', ')}` : 'reading its inputs'
  }

  #onStopSignal(signal: Signal): void {
    if (this.#isStopping) {
      this.#logger.warn({ signal }, 'stopped at once by a second signal')
      this.#logger.flush()
      process.exit(exitCodeOf(signal))
    }
    this.#logger.info({ signal, stop_timeout: this.#collector.config.stop_timeout }, 'stopping')
    this.#beginStop()
  }

  /** An input has come to its end, and all of it is delivered. */
  #onFinished(input: string): void {
    if (this.#isStopping) return
    this.#logger.info({ input }, 'stopping: an input has come to its end')
    this.#beginStop()
  }

  #beginStop(): void {
    this.#isStopping = true
    void this.#serviceManager.stopping()
    void this.#stop(durationInMs(this.#collector.config.stop_timeout), EXIT_OK)
  }

  /** Ends the session; never rejects. `exitCode` is that of a stop that goes well. */
  async #stop(limitMs: number, exitCode: number): Promise<void> {
    const deadline = new AbortController()
    const late = Promise.withResolvers<void>()
    const timers = [
      systemTimers.after(limitMs, () => deadline.abort()),
      systemTimers.after(limitMs + OVERTIME_MS, late.resolve),
    ]
    try {
      this.#serving.resolve(false)
      // What was never started has taken nothing, not even its folder.
      const stopped = this.#isStarted && this.#collector.stop(deadline.signal)
      await Promise.race([stopped, late.promise])
      const isLate = deadline.signal.aborted
      if (isLate) this.#logger.error({}, 'stopped, but not everything was finished in time')
      else this.#logger.info({}, 'stopped')
      this.#ended.resolve(isLate && exitCode === EXIT_OK ? EXIT_STOP_TIMEOUT : exitCode)
    } catch (error) {
      this.#logger.error({ error }, 'cannot stop in order')
      this.#ended.resolve(exitCode === EXIT_OK ? EXIT_FAILED : exitCode)
    } finally {
      for (const cancel of timers) cancel()
    }
  }

  async #failedStart(error: unknown): Promise<number> {
    void this.#serviceManager.stopping()
    await this.#stop(durationInMs(this.#collector.config.stop_timeout), EXIT_FAILED)
    this.#serviceManager.close()
    this.#logger.flush()
    printError(`logboom: ${messageOf(error)}`)
    return EXIT_FAILED
  }

  /** Nothing can be trusted any more; what was taken in is still worth an attempt to write it. */
  #onBug(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason))
    this.#logger.error({ error, stack: error.stack }, 'BUG: an error nobody handled; ending')
    if (this.#isStopping) return this.#ended.resolve(EXIT_BUG)
    this.#isStopping = true
    void this.#serviceManager.stopping()
    void this.#stop(BUG_STOP_MS, EXIT_BUG)
  }

  #announce(path: string | null): void {
    const { inputs, http } = this.#collector.addresses
    const ready = {
      config: this.#collector.config,
      configPath: path,
      addresses: inputs,
      page: http,
    }
    if (this.#collector.config.log.format === 'json')
      this.#logger.info({ ...inputs, page: http }, 'ready')
    else if (this.#writesToStdout()) printError(bannerText(ready))
    else print(bannerText(ready))
  }

  /** The banner must not get between the records. */
  #writesToStdout(): boolean {
    if (this.#isTapped) return true
    return Object.values(this.#collector.config.outputs).some(({ type }) => type === 'stdout')
  }
}
