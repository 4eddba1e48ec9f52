/** What is measured: a program that takes bytes on a port and writes into a folder. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from '../scenarios.ts'
import type { Prepared } from '../traffic/prepare.ts'
import type { Expectation } from '../verify/verify.ts'

const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 30_000

export interface Place {
  /** Folder of this run, empty. */
  readonly folder: string
  /** Folder in it that the output goes to. */
  readonly output: string
  readonly port: number
}

/** How to start a program, and how to tell that it has written everything. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** A file that standard output goes to, instead of the log. */
  readonly stdout?: string
  /** A file that the traffic becomes, where it is followed and not sent. */
  readonly followed?: string
  /** Until then it is not ready, beside accepting connections on the port. */
  readonly isReady?: () => Promise<boolean>
  /** How often to look whether it is done. */
  readonly pollMs: number
  /** Changes as long as it works; seconds on the wall clock of the last change, if known. */
  readonly progress: () => Promise<Progress>
  readonly isDone: () => Promise<boolean>
  /** What it needs beside it and is not measured; ended after it. */
  readonly beside?: AsyncDisposable
}

export interface Progress {
  readonly mark: number
  /** When it last changed, if it is known better than from looking: `Date.now()` of then. */
  readonly changedMs?: number
}

export interface Subject {
  readonly name: string
  /** Whether it can take part in the scenario. */
  canDo(scenario: Scenario): boolean
  /** Writes its configuration into the place. */
  launch(scenario: Scenario, place: Place, prepared: Prepared): Promise<Launch>
  /** How to check what it has written; undefined where there is nothing but bytes. */
  expectation(scenario: Scenario, prepared: Prepared): Expectation | undefined
}

/** The program, running. */
export class SubjectProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #log: string
  readonly #name: string

  static async start(name: string, launch: Launch, place: Place): Promise<SubjectProcess> {
    const subject = new SubjectProcess(name, launch, place)
    try {
      const end = performance.now() + START_LIMIT_MS
      while (!(await isListening(place.port)) || !((await launch.isReady?.()) ?? true)) {
        if (!subject.isAlive) throw new Error('it ended')
        if (performance.now() > end) throw new Error(`it did not listen in ${START_LIMIT_MS} ms`)
        await sleep(20)
      }
      return subject
    } catch (cause) {
      await subject[Symbol.asyncDispose]()
      throw new Error(`cannot start ${name}:\n${subject.log}`, { cause })
    }
  }

  private constructor(name: string, { command, args, stdout }: Launch, place: Place) {
    this.#name = name
    this.#log = join(place.folder, 'log')
    const log = openSync(this.#log, 'w')
    const output = stdout === undefined ? log : openSync(stdout, 'w')
    this.#child = spawn(command, args, { cwd: place.folder, stdio: ['ignore', output, log] })
    closeSync(log)
    if (output !== log) closeSync(output)
    this.#child.once('error', () => undefined)
    process.once('exit', this.#kill)
  }

  get pid(): number {
    return this.#child.pid!
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The end of what it said. */
  get log(): string {
    return readFileSync(this.#log, 'utf8').slice(-4000)
  }

  /** SIGTERM; a program that then fails has not done its work well. */
  async stop(): Promise<void> {
    await this.#end()
    const { exitCode, signalCode } = this.#child
    if (exitCode === 0 || signalCode === 'SIGTERM') return
    throw new Error(`${this.#name} ended with ${exitCode ?? signalCode}:\n${this.log}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }

  async #end(): Promise<void> {
    process.off('exit', this.#kill)
    if (!this.isAlive || this.#child.pid === undefined) return
    const ended = once(this.#child, 'exit')
    const timer = setTimeout(this.#kill, STOP_LIMIT_MS)
    this.#child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
