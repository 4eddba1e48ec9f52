/** The configuration a command works on: the file of `-c`, or the built-in one. */
import { type Diagnostic, hasErrors, renderDiagnostics } from '../config/diagnostic.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/model.ts'
import { secretKeys } from '../config/secrets.ts'
import { CommandError, printError } from './command.ts'
import { defaultConfigPath } from '../package.ts'
import { registry } from '../registry.ts'
import type { Reading } from '../collector/reload.ts'

export interface LoadedConfig {
  readonly config: Config
  /** As given with `-c`; null for the built-in configuration. */
  readonly path: string | null
}

/**
 * Prints what is wrong with the configuration on standard error. Undefined if it cannot be used;
 * throws `CommandError` if it cannot be read.
 */
export function loadAndReport(path: string | null): LoadedConfig | undefined {
  const { config, diagnostics } = load(path ?? defaultConfigPath())
  if (diagnostics.length > 0) printError(render(diagnostics))
  if (config) return { config, path }
  const errors = diagnostics.filter((diagnostic) => hasErrors([diagnostic])).length
  printError(`${path ?? 'the built-in configuration'} is not valid: ${counted(errors)}`)
  return undefined
}

/** The same for a reload, whose caller says what is wrong. Throws if it cannot be read. */
export function loadAgain(path: string | null): Reading {
  const { config, diagnostics } = load(path ?? defaultConfigPath())
  return { config, diagnostics: render(diagnostics) }
}

function render(diagnostics: readonly Diagnostic[]): string {
  return renderDiagnostics(diagnostics, secretKeys(registry))
}

function load(file: string) {
  try {
    return loadConfig({ from: { file }, registry, env: process.env })
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('cannot read configuration'))
      throw new CommandError(error.message, { cause: error })
    throw error
  }
}

function counted(errors: number): string {
  return errors === 1 ? '1 error' : `${errors} errors`
}
