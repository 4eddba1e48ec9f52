/**
 * The collector's own log: pino behind the `Logger` of src/pipeline/logger.ts, on standard error.
 * Pretty on a terminal, else one JSON object per line. Writes are synchronous, so that nothing is
 * lost at exit. A message that repeats is let through a few times, then only counted.
 */
import { pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger as Pino } from 'pino'
import type { LogConfig } from './config/model.ts'
import { systemTimers, type Timers } from './pipeline/clock.ts'
import type { LogFields, Logger } from './pipeline/logger.ts'

/** Of one message of one component, so many are shown in each window; the rest is counted. */
const REPEATS_MAX = 5
const REPEATS_WINDOW_MS = 10_000

type Level = 'error' | 'warn' | 'info' | 'debug'

export interface LogOptions extends LogConfig {
  /** Standard error unless a test wants to read along. */
  readonly destination?: DestinationStream
  readonly timers?: Timers
}

/** The log of the process; each component gets a `child` of its own. */
export interface RootLogger extends Logger {
  /** A logger whose messages carry `fields` and are counted apart from others'. */
  child(fields: LogFields): RootLogger
  /** Takes over another level and format, for all that were made of it too. */
  configure(config: LogConfig): Promise<void>
  /** Reports what was suppressed and not reported yet; call it before the process ends. */
  flush(): void
}

export async function createLog(options: LogOptions): Promise<RootLogger> {
  const target = await Target.open(options)
  const log = pino(
    {
      // What is below the level of the configuration, which may change, does not come here.
      level: 'debug',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: briefError, cause: briefError },
    },
    target,
  )
  return new LimitedLogger(log, target, new Repeats(options.timers ?? systemTimers), '')
}

const LEVELS: readonly Level[] = ['error', 'warn', 'info', 'debug']

/** Where the log goes, and what of it. */
class Target implements DestinationStream {
  #destination: DestinationStream
  #config: LogConfig
  /** A test's own stays, whatever the format. */
  readonly #isFixed: boolean

  static async open({ destination, ...config }: LogOptions): Promise<Target> {
    const isFixed = destination !== undefined
    return new Target(destination ?? (await standardError(config.format)), config, isFixed)
  }

  private constructor(destination: DestinationStream, config: LogConfig, isFixed: boolean) {
    this.#destination = destination
    this.#config = config
    this.#isFixed = isFixed
  }

  write(text: string): void {
    this.#destination.write(text)
  }

  shows(level: Level): boolean {
    return LEVELS.indexOf(level) <= LEVELS.indexOf(this.#config.level)
  }

  async configure({ level, format }: LogConfig): Promise<void> {
    if (!this.#isFixed && format !== this.#config.format)
      this.#destination = await standardError(format)
    this.#config = { level, format }
  }
}

async function standardError(format: LogConfig['format']): Promise<DestinationStream> {
  const isPretty = format === 'pretty' || (format === 'auto' && process.stderr.isTTY)
  if (!isPretty) return pino.destination({ fd: 2, sync: true })
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  })
}

/** What went wrong, without the stack: that is for bugs, which log it as a field of its own. */
function briefError(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const { message, code } = stdSerializers.err(value) as { message: string; code?: unknown }
  return code === undefined ? message : { message, code }
}

class LimitedLogger implements RootLogger {
  readonly #log: Pino
  readonly #target: Target
  readonly #repeats: Repeats
  readonly #scope: string

  constructor(log: Pino, target: Target, repeats: Repeats, scope: string) {
    this.#log = log
    this.#target = target
    this.#repeats = repeats
    this.#scope = scope
  }

  error(fields: LogFields, message: string): void {
    this.#write('error', fields, message)
  }

  warn(fields: LogFields, message: string): void {
    this.#write('warn', fields, message)
  }

  info(fields: LogFields, message: string): void {
    this.#write('info', fields, message)
  }

  /** Not limited: who asks for details wants all of them. */
  debug(fields: LogFields, message: string): void {
    if (this.#target.shows('debug')) this.#log.debug(fields, message)
  }

  child(fields: LogFields): RootLogger {
    const scope = `${this.#scope}${JSON.stringify(fields)}`
    return new LimitedLogger(this.#log.child(fields), this.#target, this.#repeats, scope)
  }

  configure(config: LogConfig): Promise<void> {
    return this.#target.configure(config)
  }

  flush(): void {
    this.#repeats.flush()
  }

  #write(level: Exclude<Level, 'debug'>, fields: LogFields, message: string): void {
    if (!this.#target.shows(level)) return
    const report = (suppressed: number) => this.#log[level]({ suppressed }, message)
    if (this.#repeats.allows(`${this.#scope} ${level} ${message}`, report))
      this.#log[level](fields, message)
  }
}

interface Window {
  count: number
  readonly report: (suppressed: number) => void
  readonly cancel: () => void
}

/** Counts messages per window and reports at its end how many were kept back. */
class Repeats {
  readonly #timers: Timers
  readonly #windows = new Map<string, Window>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  allows(key: string, report: (suppressed: number) => void): boolean {
    const window = this.#windows.get(key) ?? this.#open(key, report)
    window.count++
    return window.count <= REPEATS_MAX
  }

  flush(): void {
    for (const [key, window] of this.#windows) this.#close(key, window)
  }

  #open(key: string, report: (suppressed: number) => void): Window {
    const close = () => this.#close(key, window)
    const window: Window = {
      count: 0,
      report,
      cancel: this.#timers.after(REPEATS_WINDOW_MS, close),
    }
    this.#windows.set(key, window)
    return window
  }

  #close(key: string, { count, report, cancel }: Window): void {
    cancel()
    this.#windows.delete(key)
    if (count > REPEATS_MAX) report(count - REPEATS_MAX)
  }
}
