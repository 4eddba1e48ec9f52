/** `logboom dead-letters`: look at what outputs did not get, replay it or drop it. */
import { access } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/model.ts'
import { decodeLetter } from '../pipeline/dead-letters/letter-line.ts'
import { readFolder } from '../pipeline/dead-letters/read-folder.ts'
import { fileAccess } from '../pipeline/files/file-access.ts'
import type { Command } from './command.ts'
import { CommandError, EXIT_FAILED, EXIT_OK, print, printError } from './command.ts'
import { Api } from './dead-letters/api.ts'
import { type DeadLetterOptions, parseDeadLetterOptions } from './dead-letters/options.ts'
import { letterText, listLine } from './dead-letters/printing.ts'

const help = `Usage: logboom dead-letters list   [OPTIONS] [ID ...]
       logboom dead-letters show   [OPTIONS] ID ...
       logboom dead-letters replay [OPTIONS] [--to OUTPUT] [ID ...]
       logboom dead-letters drop   [OPTIONS] [--all | --damaged] [ID ...]

Events that an output behind a buffer has rejected, or did not take in time, or that a
filter could not parse (on_error: dead_letter), are kept as dead letters in data_dir. list
and show read them, whether or not a collector runs. replay has the running collector send
them on their way again, from the top of the pipeline or to one output, and waits until that
is done; Ctrl-C stops it, and the next one goes on. drop throws them away.

Which:
  ID ...              those that list shows
  --output OUTPUT     those that this output did not get; filter:parse for a filter's
  --match PATTERN     by tag: docker.**, {app,web}.*
  --since, --until TIME  by when they became dead letters: 2026-11-21T08:50:00Z, or 1h for
                      an hour ago
  --all               all of them (drop)
  --damaged           lines that cannot be read any more, and nothing else (drop)

Options:
  --to OUTPUT         replay straight to this output, past the pipeline
  --json              one JSON object a line, for scripts
  --data-dir DIR      folder to read instead of that of the configuration (list, show)
  -c, --config FILE   the collector's YAML configuration; without it, the built-in one
  -h, --help          this text

Exit codes: 0 done, 1 not done (list, show: or some are damaged; replay: or some were not
taken, or are damaged), 2 wrong usage.

Examples:
  logboom dead-letters list -c logboom.yaml --match 'docker.**'
  logboom dead-letters replay -c logboom.yaml --output search --to search
  logboom dead-letters drop -c logboom.yaml --until 7d
`

/** How often a replay is looked at. */
const LOOK_EVERY_MS = 200

export const deadLetters: Command = {
  help,
  async run(args) {
    const options = parseDeadLetterOptions(args)
    const folder = options.dataDir
    if (folder !== undefined) return read(options, folder)
    const { loadAndReport } = await import('./load.ts')
    const loaded = loadAndReport(options.configPath)
    if (!loaded) return EXIT_FAILED
    const { config } = loaded
    if (options.action === 'replay') return replay(options, config)
    if (options.action === 'drop') return drop(options, config)
    return read(options, config.data_dir)
  },
}

async function read(options: DeadLetterOptions, dataDir: string): Promise<number> {
  const { deadLetterFolder } = await import('../collector/dead-letters.ts')
  const folder = deadLetterFolder(dataDir)
  let letters = 0
  let code = EXIT_OK
  const onDamage = (path: string, problem: string) => {
    code = EXIT_FAILED
    printError(`cannot read dead letters in ${path}: ${problem}`)
  }
  for await (const found of readFolder(folder, fileAccess, options.selection, onDamage)) {
    letters += found.length
    const texts = found.map(({ head, bytes }) => {
      if (options.isJson) return `${bytes.toString()}\n`
      return options.action === 'list' ? listLine(head) : showText(bytes)
    })
    if (!(await write(texts.join('')))) return EXIT_OK
  }
  const { ids } = options.selection
  if (ids && letters < ids.size) {
    const missing = ids.size - letters
    throw new CommandError(`no such dead letter for ${missing} of ${ids.size} ids in ${folder}`)
  }
  if (!options.isJson && options.action === 'list') printError(counted(letters))
  return code
}

function showText(bytes: Buffer): string {
  const letter = decodeLetter(bytes)
  if (!letter) throw new CommandError('the dead letter is damaged; --json shows its line')
  return letterText(letter)
}

async function replay({ query, isJson }: DeadLetterOptions, { http }: Config): Promise<number> {
  const api = new Api(http)
  const stopping = new AbortController()
  const stop = () => {
    stopping.abort()
    process.off('SIGINT', stop)
  }
  process.on('SIGINT', stop)
  let state = replayIn(await api.ask('POST', `/replay?${query.toString()}`))
  for (let isAsked = false; state['ended_at'] === null;) {
    if (stopping.signal.aborted && !isAsked) {
      isAsked = true
      state = replayIn(await api.ask('POST', '/replay/stop'))
    }
    await pause(LOOK_EVERY_MS)
    state = replayIn(await api.ask('GET', ''))
    if (process.stderr.isTTY) process.stderr.write(`\r${replayText(state)}`)
  }
  process.off('SIGINT', stop)
  if (process.stderr.isTTY) process.stderr.write('\n')
  print(isJson ? JSON.stringify(state) : replayText(state))
  const isAll = state['rejected'] === 0 && state['problem'] === null && damagedIn(state) === 0
  const isComplete = state['state'] === 'done' && isAll
  return isComplete ? EXIT_OK : EXIT_FAILED
}

type Fields = Readonly<Record<string, unknown>>

function replayIn({ replay: found }: Fields): Fields {
  if (typeof found === 'object' && found !== null) return found as Fields
  throw new CommandError('the collector does not know of the replay any more: was it restarted?')
}

function replayText(state: Fields): string {
  const shown = (name: string) => String(state[name])
  // Of what a buffer has taken nobody can say yet whether it comes back.
  const [examined, taken, rejected] = ['examined', 'delivered', 'rejected'].map(shown)
  const counts = `${examined} examined, ${taken} taken, ${rejected} rejected`
  const problem = state['problem'] === null ? '' : `: ${shown('problem')}`
  const damaged = damagedIn(state)
  const left = damaged === 0 ? '' : `; ${damaged} more damaged, which only drop --damaged removes`
  return `replay ${shown('state')}${problem}; of ${shown('found')}: ${counts}${left}`
}

/** A collector of an older version does not say. */
function damagedIn({ damaged }: Fields): number {
  return typeof damaged === 'number' ? damaged : 0
}

/** By the collector that runs, and else in the files. */
async function drop(options: DeadLetterOptions, config: Config): Promise<number> {
  const events = (await dropInFiles(options, config)) ?? (await dropByApi(options, config))
  print(options.isJson ? JSON.stringify({ dropped: events }) : `${counted(events)} dropped`)
  return EXIT_OK
}

async function dropByApi({ query }: DeadLetterOptions, { http }: Config): Promise<number> {
  const { dropped } = await new Api(http).ask('POST', `/drop?${query.toString()}`)
  return Number(dropped)
}

/** Undefined if a collector has the folder. */
async function dropInFiles(
  { selection, isDamaged }: DeadLetterOptions,
  config: Config,
): Promise<number | undefined> {
  const [
    { createDeadLetterStore, deadLetterFolder },
    { DataFolder, FolderInUseError },
    log,
    metrics,
  ] = await Promise.all([
    import('../collector/dead-letters.ts'),
    import('../collector/data-folder.ts'),
    import('../log.ts'),
    import('../pipeline/metrics.ts'),
  ])
  if (!(await exists(deadLetterFolder(config.data_dir)))) return 0
  const logger = await log.createLog({ ...config.log, level: 'error' })
  const dataFolder = new DataFolder(config.data_dir, logger)
  try {
    await dataFolder.take()
  } catch (error) {
    if (error instanceof FolderInUseError) return undefined
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
  }
  const around = { logger, metrics: new metrics.MetricsRegistry(), files: fileAccess }
  const store = createDeadLetterStore(config, around)
  try {
    await store.start()
    return await (isDamaged ? store.dropDamaged() : store.drop(selection))
  } finally {
    await store.stop()
    await dataFolder.release()
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** False once nobody reads any more, as behind `| head`. */
function write(text: string): Promise<boolean> {
  const { stdout } = process
  return new Promise((resolve, reject) => {
    // The callback has the error as well; without a listener it would end the process.
    const onError = () => undefined
    stdout.once('error', onError)
    stdout.write(text, (error) => {
      if (!error) stdout.off('error', onError)
      if (!error) resolve(true)
      else if ('code' in error && error.code === 'EPIPE') resolve(false)
      else reject(error)
    })
  })
}

function counted(letters: number): string {
  return letters === 1 ? '1 dead letter' : `${letters} dead letters`
}
