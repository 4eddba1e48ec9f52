import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MemoryBudget } from '../../src/pipeline/memory-budget.ts'
import { MetricsRegistry } from '../../src/pipeline/metrics.ts'
import { metricValue } from '../drivers/context.ts'

const MAX = 1000

class Fixture {
  readonly registry = new MetricsRegistry()
  readonly budget = new MemoryBudget(MAX, this.registry.scope('', {}))
  readonly told: string[] = []

  account(use: 'input' | 'other', name: string, bytes: number) {
    const account = this.budget.account(use, { [use]: name })
    account.onRoom = () => void this.told.push(name)
    account.add(bytes)
    return account
  }

  held(use: string, name: string) {
    return metricValue(this.registry, 'memory_held_bytes', { [use]: name })
  }
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve))

suite('inputs', () => {
  test('one may have all of it, and goes on once half of the common part is free', () => {
    const { account } = bound(new Fixture())
    const input = account('input', 'a', 999)
    assert.deepEqual([input.isFull, input.hasRoom], [false, false])
    input.add(1)
    assert.deepEqual([input.isFull, input.hasRoom], [true, false])
    input.add(-249)
    assert.deepEqual([input.isFull, input.hasRoom], [false, false])
    input.add(-2)
    assert.deepEqual([input.isFull, input.hasRoom], [false, true])
  })

  test('each has its share, however much the others hold', () => {
    const { account } = bound(new Fixture())
    const greedy = account('input', 'greedy', 5000)
    const modest = account('input', 'modest', 249)
    assert.deepEqual([greedy.isFull, modest.isFull], [true, false])
    modest.add(1)
    assert.ok(modest.isFull)
    modest.add(-126)
    assert.ok(modest.hasRoom)
  })

  test('those that wait are told in their order, once, and only when there is room', async () => {
    const fixture = new Fixture()
    const { account, told } = bound(fixture)
    const greedy = account('input', 'greedy', 5000)
    const others = ['b', 'a'].map((name) => account('input', name, 200))
    for (const other of others) other.wait()
    greedy.add(-4000)
    await nextTick()
    assert.deepEqual(told, [])
    greedy.add(-1000)
    await nextTick()
    assert.deepEqual(told, ['b', 'a'])
    greedy.add(5000)
    greedy.add(-5000)
    await nextTick()
    assert.deepEqual(told, ['b', 'a'])
  })
})

suite('buffers', () => {
  test('stop reading ahead before inputs stop reading', () => {
    const { account } = bound(new Fixture())
    const input = account('input', 'a', 500)
    const buffer = account('other', 'b', 249)
    assert.deepEqual([buffer.isFull, buffer.hasRoom], [false, true])
    buffer.add(1)
    assert.deepEqual([buffer.isFull, buffer.hasRoom, input.isFull], [true, false, false])
  })

  test('leave inputs their share', () => {
    const { account } = bound(new Fixture())
    account('other', 'b', 5000)
    const input = account('input', 'a', 499)
    assert.ok(!input.isFull)
    input.add(1)
    assert.ok(input.isFull)
  })
})

suite('changes', () => {
  test('a larger budget is used at once, a smaller one too', async () => {
    const fixture = new Fixture()
    const { account, told } = bound(fixture)
    const input = account('input', 'a', 1000)
    input.wait()
    fixture.budget.resize(2000)
    await nextTick()
    assert.deepEqual(told, ['a'])
    assert.ok(!input.isFull)
    fixture.budget.resize(900)
    assert.ok(input.isFull)
    assert.equal(metricValue(fixture.registry, 'memory_max_bytes'), 900)
  })

  test('what has ended does not count any more, whatever it still gives back', async () => {
    const fixture = new Fixture()
    const { account, told } = bound(fixture)
    const gone = account('input', 'gone', 5000)
    const input = account('input', 'a', 400)
    assert.deepEqual([fixture.held('input', 'gone'), input.isFull], [5000, true])
    input.wait()
    gone.close()
    assert.equal(fixture.held('input', 'gone'), 0)
    await nextTick()
    assert.deepEqual(told, ['a'])
    gone.add(-5000)
    gone.close()
    assert.deepEqual([gone.bytes, fixture.held('input', 'gone')], [0, 0])
    // Its share is the other's again.
    input.add(599)
    assert.ok(!input.isFull)
    input.add(1)
    assert.ok(input.isFull)
  })

  test('what has ended is not told', async () => {
    const fixture = new Fixture()
    const { account, told } = bound(fixture)
    const input = account('input', 'a', 1000)
    input.wait()
    input.close()
    input.wait()
    fixture.budget.resize(2000)
    await nextTick()
    assert.deepEqual(told, [])
  })

  test('who never holds anything is not shown, and has no share', () => {
    const fixture = new Fixture()
    fixture.budget.account('input', { input: 'idle' })
    assert.equal(fixture.held('input', 'idle'), undefined)
    assert.ok(!fixture.account('input', 'a', 999).isFull)
  })

  test('nothing fits into none', () => {
    const fixture = new Fixture()
    fixture.budget.resize(0)
    assert.ok(fixture.account('input', 'a', 1).isFull)
  })
})

function bound(fixture: Fixture) {
  return { account: fixture.account.bind(fixture), told: fixture.told }
}
