/** `logboom test`: runs the tests beside configurations, and shows what differs. */
import { globSync } from 'node:fs'
import { hasErrors, renderDiagnostics } from '../config/diagnostic.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/model.ts'
import { secretKeys } from '../config/secrets.ts'
import { createLog, type RootLogger } from '../log.ts'
import { registry } from '../registry.ts'
import { compare } from '../trial/compare.ts'
import { runTrial } from '../trial/run-trial.ts'
import { readTrials, type Trial, type TrialFile } from '../trial/trial-file.ts'
import type { Command } from './command.ts'
import { CommandError, EXIT_FAILED, EXIT_OK, parseOptions, print, printError } from './command.ts'

const help = `Usage: logboom test [-c FILE] [FILES]

Sends events through the pipeline of a configuration and compares what each output gets
with what is expected. The tests of logboom.yaml are in logboom.test.yaml beside it:

  tests:
    - name: health checks are left out
      send:
        - { tag: docker.web, record: { path: /health } }
        - { tag: docker.web, record: { path: / } }
      expect:
        files:
          - { tag: docker.web, record: { path: / } }

No socket is opened and no output written; filters are the real ones. "input: NAME" says
where an event comes from (else from the first one), "time:" when it happened, and
"- wait: 10s" lets time pass. An output that is not named has to get nothing.

FILES are tests or the configurations beside them; without, *.test.yaml in this folder.

Options:
  -c, --config FILE   like one of FILES
  -h, --help          this text

Exit codes: 0 all passed, 1 something differs or cannot be read, 2 wrong usage.

Examples:
  logboom test
  logboom test -c /etc/logboom/logboom.yaml
`

export const test: Command = {
  help,
  async run(args) {
    const files = filesOf(args)
    if (files.length === 0)
      throw new CommandError('cannot find *.test.yaml in this folder; expected a file to test')
    const logger = await createLog({ level: 'error', format: 'auto' })
    const tally = { passed: 0, failed: 0 }
    for (const file of files.sort()) await testFile(file, logger, tally)
    print(`${tally.passed} passed, ${tally.failed} failed`)
    return tally.failed === 0 ? EXIT_OK : EXIT_FAILED
  },
}

function filesOf(args: readonly string[]): string[] {
  const { positionals, values } = parseOptions({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string', short: 'c' } },
  })
  const named = [...(values.config === undefined ? [] : [values.config]), ...positionals]
  return named.length > 0 ? named.map(testFileOf) : globSync('*.test.yaml')
}

interface Tally {
  passed: number
  failed: number
}

function testFileOf(file: string): string {
  return file.endsWith('.test.yaml') ? file : file.replace(/\.ya?ml$/, '.test.yaml')
}

async function testFile(file: string, logger: RootLogger, tally: Tally): Promise<void> {
  const { file: trials, diagnostics } = orFail(() => readTrials(file))
  if (diagnostics.length > 0) printError(renderDiagnostics(diagnostics))
  const config = trials && load(file.replace(/\.test\.yaml$/, '.yaml'), trials)
  if (!trials || !config) {
    tally.failed++
    print(`✖ ${file} cannot be run`)
    return
  }
  for (const trial of trials.tests) {
    const lines = await linesOf(trial, config, logger)
    if (lines.length === 0) tally.passed++
    else tally.failed++
    print(`${lines.length === 0 ? '✔' : '✖'} ${file}: ${trial.name}`)
    for (const line of lines) print(`    ${line}`)
  }
}

async function linesOf(trial: Trial, config: Config, logger: RootLogger): Promise<string[]> {
  try {
    return compare(trial, await runTrial(trial, { config, registry, logger }))
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

function load(path: string, { env, files }: TrialFile): Config | undefined {
  const from = { file: path }
  const { config, diagnostics } = orFail(() =>
    loadConfig({ from, registry, env: { ...process.env, ...env }, files }),
  )
  const errors = diagnostics.filter((diagnostic) => hasErrors([diagnostic]))
  if (errors.length > 0) printError(renderDiagnostics(errors, secretKeys(registry)))
  return config
}

function orFail<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    const isReading = error instanceof Error && error.message.startsWith('cannot read')
    if (isReading) throw new CommandError(error.message, { cause: error })
    throw error
  }
}
