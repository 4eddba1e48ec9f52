/** A component context for tests: a clock and timers moved by hand, a log that is kept. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Timers } from '../../src/pipeline/clock.ts'
import { systemTimers } from '../../src/pipeline/clock.ts'
import type { ComponentContext } from '../../src/pipeline/component.ts'
import type { LogFields, Logger } from '../../src/pipeline/logger.ts'
import { MemoryBudget } from '../../src/pipeline/memory-budget.ts'
import { MetricsRegistry } from '../../src/pipeline/metrics.ts'

export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly fields: LogFields
  readonly message: string
}

interface Due {
  at: number
  readonly every: number | undefined
  readonly callback: () => void
}

/** Time that stands still until `advance` is called; fires the timers it passes, in order. */
export class ManualTime implements Clock, Timers {
  #now: number
  #due: Due[] = []

  constructor(now = Date.parse('2026-11-21T08:50:00Z')) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  /** Timers that are still set; a component must leave none after `stop`. */
  get pending(): number {
    return this.#due.length
  }

  after(milliseconds: number, callback: () => void) {
    return this.#add({ at: this.#now + milliseconds, every: undefined, callback })
  }

  every(milliseconds: number, callback: () => void) {
    return this.#add({ at: this.#now + milliseconds, every: milliseconds, callback })
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const next = this.#due.filter((due) => due.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#now = next.at
      if (next.every === undefined) this.#due = this.#due.filter((due) => due !== next)
      else next.at += next.every
      next.callback()
    }
    this.#now = end
  }

  #add(due: Due) {
    this.#due.push(due)
    return () => {
      this.#due = this.#due.filter((other) => other !== due)
    }
  }
}

/** Real timers that count those still set, for tests with real sockets and files. */
export class CountedTimers implements Timers {
  #live = new Set<object>()

  get pending(): number {
    return this.#live.size
  }

  after(milliseconds: number, callback: () => void) {
    const key = {}
    this.#live.add(key)
    const cancel = systemTimers.after(milliseconds, () => {
      this.#live.delete(key)
      callback()
    })
    return () => {
      this.#live.delete(key)
      cancel()
    }
  }

  every(milliseconds: number, callback: () => void) {
    const key = {}
    this.#live.add(key)
    const cancel = systemTimers.every(milliseconds, callback)
    return () => {
      this.#live.delete(key)
      cancel()
    }
  }
}

export class KeptLog implements Logger {
  readonly lines: LogLine[] = []

  error = (fields: LogFields, message: string) => this.#keep('error', fields, message)
  warn = (fields: LogFields, message: string) => this.#keep('warn', fields, message)
  info = (fields: LogFields, message: string) => this.#keep('info', fields, message)
  debug = (fields: LogFields, message: string) => this.#keep('debug', fields, message)

  messages(level?: LogLine['level']): string[] {
    return this.lines.filter((line) => !level || line.level === level).map((line) => line.message)
  }

  #keep(level: LogLine['level'], fields: LogFields, message: string): void {
    this.lines.push({ level, fields, message })
  }
}

export interface TestContextOptions {
  readonly name?: string
  readonly dataDir?: string
  readonly clock?: Clock
  readonly timers?: Timers
  /** Of all memory that is held; an input may have all of it. */
  readonly memoryMax?: number
}

export interface TestComponentContext extends ComponentContext {
  readonly logger: KeptLog
  readonly registry: MetricsRegistry
}

/** Manual time by default; pass `systemClock` and `CountedTimers` where real time is needed. */
export function testContext(options: TestContextOptions = {}): TestComponentContext {
  const time = new ManualTime()
  const registry = new MetricsRegistry()
  const name = options.name ?? 'under_test'
  const budget = new MemoryBudget(options.memoryMax ?? Infinity, registry.scope('', {}))
  return {
    name,
    dataDir: options.dataDir ?? join(tmpdir(), 'logboom-test-without-data-dir'),
    clock: options.clock ?? time,
    timers: options.timers ?? time,
    logger: new KeptLog(),
    metrics: registry.scope('', {}),
    memory: budget.account('input', { component: name }),
    registry,
  }
}

/** Value of a series in a test's registry; undefined if it was never asked for. */
export function metricValue(
  registry: MetricsRegistry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return registry
    .snapshot()
    .find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )?.value
}
