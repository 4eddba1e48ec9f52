/**
 * Compresses rotated files in the background, one at a time, in a worker thread of low priority
 * (compress-worker.ts) that is there only while there is work. What is cut short, by a stop or
 * a crash, is begun again at the next start: the original is deleted last.
 */
import { Worker } from 'node:worker_threads'
import type { CompressJob, CompressResult } from './compress-worker.ts'
import { errorMessage } from '../file-system.ts'
import type { FileSettings, Surroundings } from '../settings.ts'

const IDLE_MS = 10_000

export class Compressor {
  readonly #settings: FileSettings
  readonly #around: Surroundings
  readonly #createWorker: () => Worker
  readonly #queue = new Set<string>()
  #current: string | null = null
  #worker: Worker | null = null
  #cancelIdle = () => {}
  #isStopped = false

  constructor(settings: FileSettings, around: Surroundings, createWorker = createThread) {
    this.#settings = settings
    this.#around = around
    this.#createWorker = createWorker
  }

  /** Whether this is the unfinished form of the file being compressed, and so no leftover. */
  isWriting(path: string): boolean {
    return this.#current !== null && path.startsWith(`${this.#current}.`)
  }

  /** Adds a file to the queue, unless it is there. */
  add(path: string): void {
    if (path === this.#current || this.#isStopped) return
    this.#queue.add(path)
    this.#next()
  }

  /** Ends the worker, also in the middle of a file. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#queue.clear()
    await this.#endWorker()
  }

  #next(): void {
    const { compression, compressionLevel: level } = this.#settings
    if (this.#current !== null || !compression) return
    const [path] = this.#queue
    if (path === undefined) return this.#waitForMore()
    this.#cancelIdle()
    this.#queue.delete(path)
    this.#current = path
    this.#worker ??= this.#startWorker()
    const job: CompressJob = { path, compression, level }
    this.#worker.postMessage(job)
  }

  #waitForMore(): void {
    if (!this.#worker) return
    this.#cancelIdle()
    this.#cancelIdle = this.#around.timers.after(IDLE_MS, () => void this.#endWorker())
  }

  #startWorker(): Worker {
    const worker = this.#createWorker()
    // A worker that was ended, and maybe followed by another, has no say in what is under way.
    worker.on('message', (result: CompressResult) => {
      if (this.#worker === worker) this.#finish(result)
    })
    worker.on('error', (error: unknown) => {
      if (this.#worker !== worker) return
      this.#worker = null
      const path = this.#current ?? ''
      this.#finish({ path, outcome: 'failed', error: errorMessage(error) })
    })
    return worker
  }

  #finish(result: CompressResult): void {
    this.#current = null
    if (this.#isStopped) return
    const { path, outcome, error } = result
    if (outcome === 'compressed') this.#around.metrics.compressedFiles.add(1)
    if (outcome === 'failed')
      this.#around.logger.warn(
        { path, error },
        'cannot compress a rotated file: it stays as it is until the next round',
      )
    this.#next()
  }

  /** Never rejects: ending a worker that has ended is nothing. */
  async #endWorker(): Promise<void> {
    this.#cancelIdle()
    const worker = this.#worker
    this.#worker = null
    this.#current = null
    await worker?.terminate()
  }
}

/**
 * What a piece leaves behind is a few small objects with megabytes behind them: with the young
 * generation that V8 has by default the thread grows by 70 MiB before they are collected.
 */
const YOUNG_GENERATION_MIB = 2

function createThread(): Worker {
  const script = new URL('./compress-worker.ts', import.meta.url)
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB }
  return new Worker(script, { name: 'logboom-compress', resourceLimits })
}
