/**
 * Whatever becomes of a log (rename, copy and truncate, compression, bursts) and of its reader
 * (restarts, ends without notice, deliveries that are not taken), every line is delivered, and none
 * twice but those that were on their way. The seed of a failure repeats its choices.
 */
import assert from 'node:assert/strict'
import { copyFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Random } from '../../../bench/traffic/random.ts'
import type { InputRun } from '../../drivers/run-input.ts'
import { until } from '../../support/wait.ts'
import { type LogFolder, logFolder } from './setup.ts'

const STEPS = 40
const LOG = 'a.log'
/** With HARSH=1 nothing waits until the reader has seen it: a test of what is never promised. */
const isHarsh = process.env['HARSH'] === '1'
const SEEN_MS = isHarsh ? 0 : 40
const STARTED_MS = isHarsh ? 0 : 60

interface LifeOptions {
  readonly pattern: string
  /** Whether rotated files are called by their day, as with logrotate's dateext. */
  readonly isDated: boolean
}

class Life {
  readonly #folder: LogFolder
  readonly #random: Random
  readonly #pattern: string
  readonly #isDated: boolean
  #day = 20260101
  readonly #delivered = new Map<string, number>()
  readonly #runs: InputRun[] = []
  #written = 0
  /** Those that were not stopped but ended. */
  readonly #ended: InputRun[] = []
  #run: InputRun | null = null

  constructor(folder: LogFolder, random: Random, { isDated, pattern }: LifeOptions) {
    this.#folder = folder
    this.#random = random
    this.#isDated = isDated
    this.#pattern = pattern
  }

  async step(): Promise<void> {
    const steps = [
      () => this.#write(),
      () => this.#write(),
      () => this.#write(),
      () => this.#rotate(),
      () => this.#copyAndTruncate(),
      () => this.#compress(),
      () => this.#start(),
      () => this.#stop(),
      () => this.#end(),
      () => pause(this.#random.below(60)),
    ]
    await steps[this.#random.below(steps.length)]!()
  }

  /** What was rotated before the first start is nobody's business. */
  async begin(): Promise<void> {
    await this.#write()
    await this.#start()
    await until('the log is known', () => (this.#run?.metric('files') ?? 0) > 0)
  }

  /** What was taken, of all runs so far; each line at least once in the end. */
  async finish(): Promise<void> {
    await this.#start()
    const isAll = () => this.#count() >= this.#written
    // What is missing then is said below. A busy machine needs more than some seconds.
    await until(`all ${this.#written} lines come`, isAll, 60_000).catch(() => undefined)
    await pause(100)
    await this.#stop()
    const missing = this.#lines().filter((line) => !this.#delivered.has(line))
    assert.deepEqual(missing.slice(0, 5), [], `${missing.length} lines are missing`)
    const twice = [...this.#delivered.values()].reduce((sum, count) => sum + count - 1, 0)
    assert.ok(twice <= this.#mayRepeat, `${twice} came twice; at most ${this.#mayRepeat}`)
  }

  #lines(): string[] {
    return Array.from({ length: this.#written }, (_, number) => lineOf(number))
  }

  #count(): number {
    this.#take()
    return this.#delivered.size
  }

  async #write(): Promise<void> {
    const count = 1 + this.#random.below(this.#random.below(10) === 0 ? 3000 : 20)
    let text = ''
    for (let left = count; left > 0; left--) text += `${lineOf(this.#written++)}\n`
    const cut = this.#random.below(3) === 0 ? this.#random.below(text.length) : text.length
    await this.#folder.append(LOG, text.slice(0, cut))
    if (cut < text.length) await this.#folder.append(LOG, text.slice(cut))
  }

  async #rotate(): Promise<void> {
    const rotated = await this.#makeRoom()
    await rename(this.#folder.at(LOG), this.#folder.at(rotated)).catch(() => undefined)
    if (this.#random.below(2) === 0) await this.#write()
  }

  async #copyAndTruncate(): Promise<void> {
    if (!(await this.#names()).includes(LOG)) return
    // What was never seen before it was copied and emptied at once could be anybody's.
    if (this.#run) await pause(SEEN_MS)
    const rotated = await this.#makeRoom()
    await copyFile(this.#folder.at(LOG), this.#folder.at(rotated))
    await truncate(this.#folder.at(LOG))
  }

  /** Of an older one, as logrotate's delaycompress does: nobody writes to it any more. */
  async #compress(): Promise<void> {
    const plain = (await this.#names()).filter((name) => this.#isOlder(name))
    const name = plain[this.#random.below(plain.length)]
    if (name === undefined) return
    const ending = this.#random.below(2) === 0 ? 'gz' : 'zst'
    const bytes = await readFile(this.#folder.at(name))
    const compressed = ending === 'gz' ? gzipSync(bytes) : zstdCompressSync(bytes)
    await writeFile(this.#folder.at(`${name}.${ending}.tmp`), compressed)
    await rename(this.#folder.at(`${name}.${ending}.tmp`), this.#folder.at(`${name}.${ending}`))
    await rm(this.#folder.at(name))
  }

  /** Rotated before the last one that was. */
  #isOlder(name: string): boolean {
    if (!this.#isDated) return /\.([2-9]|\d\d)$/.test(name)
    return /-\d+$/.test(name) && name !== `${LOG}-${this.#day}`
  }

  /** What the log is called when it is rotated. */
  async #makeRoom(): Promise<string> {
    if (this.#isDated) return `${LOG}-${++this.#day}`
    await this.#shift()
    return `${LOG}.1`
  }

  async #shift(): Promise<void> {
    const numbered = (await this.#names())
      .map((name) => /^a\.log\.(\d+)(\.gz|\.zst)?$/.exec(name))
      .filter((match) => match !== null)
      .sort((one, other) => Number(other[1]) - Number(one[1]))
    for (const [name, number, ending = ''] of numbered)
      await rename(this.#folder.at(name), this.#folder.at(`${LOG}.${Number(number) + 1}${ending}`))
  }

  #names(): Promise<string[]> {
    return readdir(this.#folder.at('.')).catch(() => [])
  }

  async #start(): Promise<void> {
    if (this.#run) return
    const outcomes = this.#random.below(3) === 0 ? (['delivered', 'retry'] as const) : []
    const hold = this.#random.below(4) === 0
    const options = `refresh_interval: 100ms\nwatch: ${this.#random.below(4) > 0}`
    this.#run = await this.#folder.tail(this.#pattern, options, { outcomes, hold })
    this.#runs.push(this.#run)
    // One that is ended while its first look is under way leaves that to the next one.
    await pause(STARTED_MS)
    if (hold) void pause(this.#random.below(100)).then(() => this.#run?.release())
  }

  async #stop(): Promise<void> {
    this.#run?.release()
    await this.#run?.stop()
    this.#run = null
  }

  /** As a kill does it: what is on its way is not waited for. */
  async #end(): Promise<void> {
    await this.#run?.input.stop(AbortSignal.abort())
    if (this.#run) this.#ended.push(this.#run)
    this.#run = null
  }

  /** Lines that may come twice: they were on their way when the reader ended, one batch a path. */
  get #mayRepeat(): number {
    let sum = 0
    for (const run of this.#ended) {
      const delivered = run.batches.filter(({ outcome }) => outcome === 'delivered')
      const last = new Map(delivered.map(({ origin, count }) => [origin, count]))
      for (const count of last.values()) sum += count
    }
    return sum
  }

  #take(): void {
    this.#delivered.clear()
    for (const run of this.#runs) {
      const taken = run.batches.filter(({ outcome }) => outcome === 'delivered')
      for (const { record } of taken.flatMap(({ entries }) => entries)) {
        const line = record['log'] as string
        this.#delivered.set(line, (this.#delivered.get(line) ?? 0) + 1)
      }
    }
  }
}

/** Longer than what a beginning is known by, and of a kind that no other line begins with. */
function lineOf(number: number): string {
  return `${number} is the number of this line`
}

async function live(t: TestContext, seed: number, options: LifeOptions): Promise<void> {
  const random = new Random(seed)
  const life = new Life(logFolder(t), random, options)
  await life.begin()
  for (let step = 0; step < STEPS; step++) await life.step()
  await life.finish()
}

const first = Number(process.env['SEED'] ?? 1)
const count = Number(process.env['SEEDS'] ?? 12)
/** An inode is used again there by the compressed file beside the one it was of. */
const INODE_AGAIN = 113
const seeds = Array.from({ length: count }, (_, index) => first + index)
if (process.env['SEED'] === undefined) seeds.push(INODE_AGAIN)
/** With what was rotated; with what was compressed, which may have its inode; the log alone. */
const NUMBERED = ['a.log{,.[0-9],.[0-9][0-9]}', 'a.log{,.[0-9]*}', LOG]
const DATED = ['a.log{,-*[0-9]}', 'a.log{,-*}', LOG]
for (const seed of seeds) {
  const kind = seed % NUMBERED.length
  test(`life ${seed}`, (t) => live(t, seed, { pattern: NUMBERED[kind]!, isDated: false }))
  test(`life ${seed} with dates`, (t) => live(t, seed, { pattern: DATED[kind]!, isDated: true }))
}
