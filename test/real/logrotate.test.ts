/**
 * The real logrotate, called while the log is written and read: whatever it is told to do, every
 * line is delivered once and in its order. Nothing waits for a time, and all that is rotated stays.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, open, readdir, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { InputRun } from '../drivers/run-input.ts'
import { type LogFolder, logFolder } from '../inputs/tail/setup.ts'
import { requireTool } from '../support/tool.ts'
import { until } from '../support/wait.ts'

const execute = promisify(execFile)

/** Some 400 KB each time: more than is read in one go, so that there is always something unread. */
const LINES = 4000
const ROUNDS = 6
/** While these are written and rotated nobody follows the log. */
const AWAY = new Set([2, 3])
const LIMIT_MS = 120_000
const WITH_OLD = '{app.log,old/app.log.[0-9]*}'

interface Case {
  readonly directives: readonly string[]
  /** Whether lines come to a file that is rotated, until its program opens the new one. */
  readonly isReopenedLate?: boolean
  readonly pattern?: string
}

const CASES: readonly Case[] = [
  { directives: ['create'], isReopenedLate: true },
  { directives: ['create', 'compress'] },
  { directives: ['create', 'compress', 'delaycompress'], isReopenedLate: true },
  { directives: ['create', 'dateext', 'dateformat -%s'], isReopenedLate: true },
  { directives: ['create', 'dateext', 'dateformat -%s', 'compress'] },
  { directives: ['create', 'dateext', 'dateformat -%s', 'compress', 'delaycompress'] },
  { directives: ['create', 'extension .log', 'dateext', 'dateformat -%s', 'compress'] },
  { directives: ['copytruncate'] },
  { directives: ['copytruncate', 'compress'] },
  { directives: ['copytruncate', 'compress', 'delaycompress'] },
  { directives: ['copytruncate', 'dateext', 'dateformat -%s', 'compress'] },
  { directives: ['create', 'olddir old'], isReopenedLate: true, pattern: WITH_OLD },
  { directives: ['create', 'olddir old', 'compress'], pattern: WITH_OLD },
  {
    directives: ['create', 'olddir old', 'compress', 'delaycompress'],
    isReopenedLate: true,
    pattern: WITH_OLD,
  },
]

class RotatedLog {
  readonly #folder: LogFolder
  readonly #tool: string
  readonly #directives: readonly string[]
  #handle: FileHandle | null = null
  #second = 0
  written = 0

  constructor(folder: LogFolder, tool: string, directives: readonly string[]) {
    this.#folder = folder
    this.#tool = tool
    this.#directives = directives
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder.at('old'), { recursive: true })
    const directives = [...this.#directives, 'rotate 100', 'nomail'].join('\n  ')
    const config = `"${this.#folder.at('app.log')}" {\n  ${directives}\n}\n`
    await writeFile(join(this.#folder.path, 'logrotate.conf'), config, { mode: 0o600 })
  }

  async write(count: number): Promise<void> {
    this.#handle ??= await open(this.#folder.at('app.log'), 'a')
    let text = ''
    for (let left = count; left > 0; left--) text += `${lineOf(this.written++)}\n`
    await this.#handle.write(text)
  }

  async rotate(): Promise<void> {
    // Files that are called by the second are not rotated twice in one.
    const second = () => Math.floor(Date.now() / 1000)
    await until('another second has begun', () => second() !== this.#second)
    const path = this.#folder.path
    await execute(this.#tool, ['-f', '-s', join(path, 'state'), join(path, 'logrotate.conf')])
    this.#second = second()
  }

  async reopen(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }
}

/** Follows the log in one run after the other. */
class Reader {
  readonly #folder: LogFolder
  readonly #pattern: string
  readonly #runs: InputRun[] = []
  #run: InputRun | null = null

  constructor(folder: LogFolder, pattern: string) {
    this.#folder = folder
    this.#pattern = pattern
  }

  async follow(): Promise<void> {
    if (this.#run) return
    this.#run = await this.#folder.tail(this.#pattern, 'rotate_wait: 60s')
    this.#runs.push(this.#run)
  }

  async leave(): Promise<void> {
    await this.#run?.stop()
    this.#run = null
  }

  /** Of the first of `lines`, so that it is known what is rotated. */
  untilBegun(lines: number): Promise<unknown> {
    return until(`line ${lines} has come`, () => this.lines.length > lines, LIMIT_MS)
  }

  get lines(): string[] {
    return this.#runs.flatMap(({ records }) => records.map((record) => record['log'] as string))
  }
}

function lineOf(number: number): string {
  return `${number} is the number of this line, behind which there is some more `.padEnd(100, '.')
}

async function follow(t: TestContext, tool: string, one: Case): Promise<void> {
  const folder = logFolder(t)
  const log = new RotatedLog(folder, tool, one.directives)
  await log.prepare()
  const reader = new Reader(folder, one.pattern ?? 'app.log')
  await log.write(1)
  for (let round = 0; round < ROUNDS; round++) {
    if (AWAY.has(round)) await reader.leave()
    else await reader.follow()
    if (round === 0) await reader.untilBegun(0)
    await log.write(LINES)
    await log.rotate()
    if (one.isReopenedLate) await log.write(LINES)
    await log.reopen()
    await log.write(LINES)
  }
  const expected = Array.from({ length: log.written }, (_, number) => lineOf(number))
  await until(
    `all ${expected.length} lines come, here ${reader.lines.length}`,
    () => reader.lines.length >= expected.length,
    LIMIT_MS,
  ).catch(() => undefined)
  await reader.leave()
  await log.reopen()
  const names = await readdir(folder.at('.'), { recursive: true })
  const rotated = names.filter((name) => name.includes('app') && name !== 'app.log')
  assert.equal(rotated.length, ROUNDS, `logrotate has done what it should: ${names.join()}`)
  // Files of several paths are read side by side.
  const isOrdered = one.pattern === undefined
  assertSame(reader.lines, expected, isOrdered)
}

/** As `deepEqual`, which would show all of them. */
function assertSame(
  lines: readonly string[],
  expected: readonly string[],
  isOrdered: boolean,
): void {
  const seen = new Set(lines)
  const missing = expected.filter((line) => !seen.has(line))
  assert.deepEqual(missing.slice(0, 3), [], `${missing.length} lines are missing`)
  assert.equal(lines.length - seen.size, 0, 'lines have come twice')
  if (!isOrdered) return
  const at = lines.findIndex((line, index) => line !== expected[index])
  assert.equal(at, -1, `${lines[at]} has come where ${expected[at]} should`)
}

suite('logrotate', { concurrency: 2 }, () => {
  for (const one of CASES)
    test(one.directives.join(', '), async (t) => {
      const tool = requireTool(t, 'logrotate')
      if (tool !== undefined) await follow(t, tool, one)
    })
})
