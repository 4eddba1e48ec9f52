/** What a command is, and the helpers all of them share. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { hint } from '../config/nearest.ts'

export const EXIT_OK = 0
/** The configuration is not valid, or what was asked for could not be done. */
export const EXIT_FAILED = 1
/** The command line makes no sense. */
export const EXIT_USAGE = 2
/** A stop took longer than `stop_timeout`; something may not have been finished. */
export const EXIT_STOP_TIMEOUT = 3
/** A bug; the log has it. */
export const EXIT_BUG = 70

export interface Command {
  readonly help: string
  /** Resolves with the exit code. Throws `UsageError` for a command line it cannot use. */
  run(args: readonly string[]): Promise<number>
}

export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** An operation that failed for a reason the user can do something about; no stack is shown. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
  }
}

/** `parseArgs` whose refusals are `UsageError`s, with the nearest option for an unknown one. */
export function parseOptions<const Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const unknown = /^Unknown option '(-+[^']+)'/.exec(error.message)?.[1]
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`)
    if (unknown !== undefined)
      throw new UsageError(`unknown option ${unknown}${hint(unknown, known)}`)
    throw new UsageError(error.message.split('\n')[0]!)
  }
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printError(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
}
