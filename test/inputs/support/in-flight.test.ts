/** Who reads when nobody may: connections take turns, inputs have their share. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InFlight, type Waiter } from '../../../src/inputs/support/in-flight.ts'
import { MemoryBudget } from '../../../src/pipeline/memory-budget.ts'
import { MetricsRegistry } from '../../../src/pipeline/metrics.ts'
import { metricValue } from '../../drivers/context.ts'

const BYTES_MAX = 1000

/** Reads `bytes` at a time, as hold-back.ts does. */
class Connection implements Waiter {
  readonly #inFlight: InFlight
  readonly #bytes: number
  /** Who has read, of all connections that share it. */
  readonly #log: Connection[]
  #waitsSince = -1
  reads = 0
  /** With how many reads another passed it by while it waited for one, at most. */
  passedBy = 0

  constructor(inFlight: InFlight, bytes: number, log: Connection[] = []) {
    this.#inFlight = inFlight
    this.#bytes = bytes
    this.#log = log
  }

  get isWaiting(): boolean {
    return this.#waitsSince >= 0
  }

  /** Something came. */
  offer(): void {
    if (!this.#holdsBack()) this.#read()
  }

  resumed(): void {
    if (!this.#holdsBack()) this.#read()
  }

  #read(): void {
    const since = this.#waitsSince < 0 ? [] : this.#log.slice(this.#waitsSince)
    for (const other of new Set(since)) {
      const reads = since.filter((each) => each === other).length
      this.passedBy = Math.max(this.passedBy, reads)
    }
    this.#waitsSince = -1
    this.#log.push(this)
    this.reads++
    this.#inFlight.add(this.#bytes)
    this.#holdsBack()
  }

  #holdsBack(): boolean {
    const { full } = this.#inFlight
    if (full) this.#inFlight.wait(this)
    if (full && !this.isWaiting) this.#waitsSince = this.#log.length
    return full
  }
}

function inFlightOf(registry = new MetricsRegistry(), budget = budgetOf(Infinity)) {
  const memory = budget.account('input', {})
  return new InFlight(BYTES_MAX, registry.scope('', {}), memory)
}

function budgetOf(bytesMax: number): MemoryBudget {
  return new MemoryBudget(bytesMax, new MetricsRegistry().scope('', {}))
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve))

suite('turns', () => {
  test('one read of a flood does not keep others from theirs, though it fills all', async () => {
    const inFlight = inFlightOf()
    const flood = new Connection(inFlight, BYTES_MAX)
    const quiet = Array.from({ length: 9 }, () => new Connection(inFlight, 1))
    flood.offer()
    for (const each of quiet) each.offer()
    const reads = () => [flood, ...quiet].map((each) => each.reads)
    assert.deepEqual(reads(), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    inFlight.remove(BYTES_MAX)
    await nextTick()
    assert.deepEqual(reads(), [2, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    inFlight.remove(BYTES_MAX)
    await nextTick()
    assert.deepEqual(reads(), [3, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  })

  test('whoever waits is passed by with one read of every other at most', async () => {
    const inFlight = inFlightOf()
    const log: Connection[] = []
    const connections = Array.from({ length: 5 }, () => new Connection(inFlight, 600, log))
    for (let turn = 0; turn < 100; turn++) {
      for (const each of connections) if (!each.isWaiting) each.offer()
      // Two fill it, so both have to be given back for the next two.
      inFlight.remove(1200)
      await nextTick()
    }
    const passedBy = connections.map((each) => each.passedBy)
    assert.deepEqual(passedBy, [1, 1, 1, 1, 1])
    const reads = connections.map((each) => each.reads)
    assert.ok(Math.min(...reads) > 30, reads.join(' '))
  })

  test('nobody who comes later passes by those who wait', async () => {
    const inFlight = inFlightOf()
    const [first, second] = [new Connection(inFlight, 1), new Connection(inFlight, 1)]
    inFlight.add(BYTES_MAX)
    first.offer()
    inFlight.remove(BYTES_MAX)
    // There is room already.
    second.offer()
    assert.deepEqual([first.reads, second.reads], [0, 0])
    await nextTick()
    assert.deepEqual([first.reads, second.reads], [1, 1])
  })
})

suite('memory of the process', () => {
  test('is a limit too, and counted as one', async () => {
    const registry = new MetricsRegistry()
    const budget = budgetOf(100)
    const inFlight = inFlightOf(registry, budget)
    const connection = new Connection(inFlight, 60)
    connection.offer()
    connection.offer()
    connection.offer()
    assert.equal(connection.reads, 2)
    assert.equal(metricValue(registry, 'limit_hits_total', { limit: 'memory_max' }), 1)
    inFlight.remove(60)
    await nextTick()
    await nextTick()
    assert.equal(connection.reads, 3)
  })

  test('an input that floods does not keep another from reading', () => {
    const budget = budgetOf(100)
    const flooded = inFlightOf(new MetricsRegistry(), budget)
    const other = inFlightOf(new MetricsRegistry(), budget)
    const flood = new Connection(flooded, 90)
    const quiet = new Connection(other, 20)
    flood.offer()
    flood.offer()
    flood.offer()
    quiet.offer()
    assert.deepEqual([flood.reads, quiet.reads], [2, 1])
    flood.offer()
    assert.equal(flood.reads, 2)
  })

  test('what others give back lets it go on', async () => {
    const budget = budgetOf(100)
    const inFlight = inFlightOf(new MetricsRegistry(), budget)
    const other = budget.account('other', {})
    const connection = new Connection(inFlight, 60)
    connection.offer()
    other.add(100)
    connection.offer()
    assert.equal(connection.reads, 1)
    other.add(-100)
    await nextTick()
    await nextTick()
    assert.equal(connection.reads, 2)
  })

  test('with nothing in flight it goes on, however much others hold', async () => {
    const budget = budgetOf(100)
    budget.account('other', {}).add(1000)
    const registry = new MetricsRegistry()
    const pending = budget.account('input', {})
    pending.add(1000)
    const inFlight = new InFlight(BYTES_MAX, registry.scope('', {}), pending)
    const connection = new Connection(inFlight, 60)
    connection.offer()
    connection.offer()
    assert.equal(connection.reads, 1)
    inFlight.remove(60)
    await nextTick()
    assert.equal(connection.reads, 2)
  })
})
