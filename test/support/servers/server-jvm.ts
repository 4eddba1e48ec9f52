/**
 * The JVM that nodes of one installation run in, one after the other. To load and compile a
 * server's classes costs ten times what a further node does, so the JVM of a node that is no
 * longer needed stays for the next one, until the tests of this process are over.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Running } from '../child.ts'
import { until } from '../wait.ts'
import type { Installation, JvmFolders, NodeSettings } from './installation.ts'

const STOP_LIMIT_MS = 60_000
/** What node-loop.java answers. */
const STOPPED = /^node stopped$/gm

const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`

const idle = new Set<ServerJvm>()

after(async () => {
  for (const jvm of idle) await jvm.end()
})

export class ServerJvm {
  readonly #installation: Installation
  readonly #folders: JvmFolders
  readonly #process: Running

  /** One that has no node, and nobody else uses. */
  static async take(installation: Installation): Promise<ServerJvm> {
    for (const jvm of idle) {
      if (jvm.#installation !== installation) continue
      idle.delete(jvm)
      jvm.#hold(true)
      return jvm
    }
    return new ServerJvm(installation, await makeFolders(installation))
  }

  private constructor(installation: Installation, folders: JvmFolders) {
    this.#installation = installation
    this.#folders = folders
    const [file, ...args] = installation.command(folders)
    const env = { ...process.env, JAVA_TOOL_OPTIONS: '' }
    this.#process = new Running(file!, args, { cwd: folders.root, env, stdin: 'pipe' })
    // Whoever waits for an answer of the node sees that the process has ended, and says why.
    this.#process.child.stdin!.on('error', () => this.#process.signal('SIGKILL'))
  }

  get alive(): boolean {
    return this.#process.alive
  }

  get output(): string {
    return this.#process.output
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name)
  }

  /** Starts a node without waiting for it. */
  startNode(settings: NodeSettings): void {
    const all = { ...this.#installation.settings, 'path.logs': this.#folders.logs, ...settings }
    const texts = Object.entries(all).map(([key, value]) => `${key}=${value}`)
    this.#process.child.stdin!.write(`start ${texts.join('\t')}\n`)
  }

  /** Stops the node, and lets the next one have the JVM. */
  async giveBack(): Promise<void> {
    const count = () => this.output.match(STOPPED)?.length ?? 0
    const before = count()
    this.#process.child.stdin!.write('stop\n')
    try {
      const isDone = () => count() > before || !this.alive
      await until('the node has stopped', isDone, STOP_LIMIT_MS)
    } finally {
      if (count() === before) await this.end()
    }
    if (!this.alive) return
    idle.add(this)
    this.#hold(false)
  }

  /** SIGKILL, whatever it does; nothing of it is left. */
  async end(): Promise<void> {
    idle.delete(this)
    this.#hold(true)
    this.#process.signal('SIGKILL')
    await this.#process.exit
    await rm(this.#folders.root, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Whether this process stays for the sake of the JVM; an idle one ends when its input does. */
  #hold(isHeld: boolean): void {
    const { child } = this.#process
    for (const part of [child, ...child.stdio] as (Socket | null)[])
      if (isHeld) part?.ref()
      else part?.unref()
  }
}

async function makeFolders({ product }: Installation): Promise<JvmFolders> {
  const root = await mkdtemp(join(tmpdir(), `logboom-${product}-jvm-`))
  const at = (name: string) => join(root, name)
  const folders = { root, config: at('config'), logs: at('logs'), temporary: at('temporary') }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })
  await writeFile(join(folders.config, `${product}.yml`), '')
  await writeFile(join(folders.config, 'log4j2.properties'), LOGGING)
  return folders
}
