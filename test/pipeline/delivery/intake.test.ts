/** How far ahead is read from a store on disk when memory is short. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { BatchStore, StoredBatch } from '../../../src/pipeline/buffers/batch-store.ts'
import { MemoryStore } from '../../../src/pipeline/buffers/memory-store.ts'
import { Intake } from '../../../src/pipeline/delivery/intake.ts'
import type { HeldBatch } from '../../../src/pipeline/delivery/piece.ts'
import { MemoryBudget } from '../../../src/pipeline/memory-budget.ts'
import { MetricsRegistry } from '../../../src/pipeline/metrics.ts'
import { ManualTime } from '../../drivers/context.ts'
import { EVENT_BYTES, stored } from './pieces.ts'
import { DEFAULTS } from './rig.ts'
import { drain } from './simulation/virtual-time.ts'

const roomy = { bytes: 1e9, events: 1e9 }

/** An intake that has taken what it may of ten batches, one event each, one at a time. */
class Fixture {
  readonly time = new ManualTime()
  readonly store: BatchStore
  readonly budget = new MemoryBudget(1e9, new MetricsRegistry().scope('', {}))
  readonly memory = this.budget.account('other', {})
  readonly intake: Intake
  readonly held: HeldBatch[] = []

  constructor(budgetBytes: number, store: BatchStore, events = roomy.events) {
    this.store = store
    this.budget.resize(budgetBytes)
    this.intake = new Intake({
      ...{ store, clock: this.time, memory: this.memory },
      settings: { ...DEFAULTS, chunk: { bytes: EVENT_BYTES, events, ageMs: 0 } },
      onTaken: () => {
        for (const { held } of this.intake.lanes.take(roomy, 0)) this.held.push(held)
        this.intake.lanes.release('a')
        this.intake.refill()
      },
      onBatch: () => undefined,
      onFinished: () => undefined,
      onClosedEarly: () => undefined,
    })
    this.intake.start()
  }

  async finishFirst(): Promise<void> {
    this.intake.settle(this.held.shift()!, { delivered: 1, rejected: 0 })
    this.intake.refill()
    await drain()
  }
}

function diskStore(): BatchStore {
  const batches: StoredBatch[] = Array.from({ length: 10 }, (_, id) => {
    return { ...stored('a', id, 1), isRead: true }
  })
  const idle = { start: async () => undefined, stop: async () => undefined }
  return Object.assign(idle, {
    ...{ isDurable: true, bytes: 0, events: batches.length, oldestAt: null, problem: null },
    lostEvents: 0,
    nextSequence: batches.length,
    onAvailable: () => undefined,
    onDamaged: () => undefined,
    append: () => Promise.resolve('retry' as const),
    take: async () => batches.splice(0, 1),
    finish: () => undefined,
  })
}

suite('a store on disk', () => {
  test('is read ahead while half of the common memory is free', async () => {
    const fixture = new Fixture(8 * EVENT_BYTES, diskStore())
    await drain()
    assert.equal(fixture.intake.events, 2)
    assert.equal(fixture.memory.bytes, 2 * EVENT_BYTES)
    await fixture.finishFirst()
    assert.equal(fixture.intake.events, 2)
  })

  test('is read one chunk at a time when memory is short, and to its end', async () => {
    const fixture = new Fixture(8 * EVENT_BYTES, diskStore())
    const other = fixture.budget.account('other', {})
    other.add(100 * EVENT_BYTES)
    await drain()
    for (let left = 10; left > 0; left--) {
      await fixture.finishFirst()
      if (left > 1) assert.equal(fixture.intake.events, 1)
    }
    assert.equal(fixture.intake.events, 0)
  })

  test('is read on when others give back', async () => {
    const fixture = new Fixture(8 * EVENT_BYTES, diskStore())
    const other = fixture.budget.account('other', {})
    other.add(100 * EVENT_BYTES)
    await drain()
    await fixture.finishFirst()
    assert.equal(fixture.intake.events, 1)
    other.add(-100 * EVENT_BYTES)
    await drain()
    assert.equal(fixture.intake.events, 2)
  })

  test('is read into no memory at all', async () => {
    const fixture = new Fixture(0, diskStore())
    for (let left = 10; left > 0; left--) {
      await drain()
      assert.equal(fixture.intake.events, 1)
      await fixture.finishFirst()
    }
  })

  test('counts nothing after its end', async () => {
    const fixture = new Fixture(8 * EVENT_BYTES, diskStore())
    await drain()
    fixture.intake.stop()
    fixture.intake.close()
    assert.equal(fixture.memory.bytes, 0)
  })
})

test('what a store in memory has is counted by its inputs', async () => {
  const time = new ManualTime()
  const store = new MemoryStore(time)
  const fixture = new Fixture(0, store)
  for (let id = 0; id < 3; id++) void store.append(stored('a', id, 1))
  await drain()
  assert.deepEqual([fixture.intake.events, fixture.memory.bytes], [3, 0])
})
