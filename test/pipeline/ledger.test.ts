import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import type { Filtered } from '../../src/pipeline/component.ts'
import { OTHER_TAGS } from '../../src/pipeline/ledger.ts'
import type { FilterPort } from '../../src/pipeline/filter-sink.ts'
import {
  batch,
  FakeOutput,
  filter,
  match,
  pipelineOf,
  withPort,
} from '../support/pipeline-parts.ts'

suite('counts', () => {
  test('what comes in, by input', () => {
    const { input, ledger } = pipelineOf({})
    input.drop('x', 2, 'invalid_time')
    input.drop('x', 1, 'invalid_time')
    input.drop('y', 1, 'not_a_map')
    const { inputs, total, drop_reasons, balanced } = ledger.snapshot()
    assert.deepEqual(inputs, { in: { received: 4, dropped: 4, lost: 0 } })
    assert.deepEqual(drop_reasons.inputs, { in: { invalid_time: 3, not_a_map: 1 } })
    assert.equal(total['dropped'], 4)
    assert.ok(balanced)
  })

  test('what is lost: from retried to dropped, and no more than was handed back', async () => {
    const output = new FakeOutput('a')
    output.answer = () => Promise.resolve('retry')
    const { input, ledger, logger } = pipelineOf({ steps: [match('**', output)] })
    await input.deliver(batch('x', 5))
    input.lose('x', 3, 'connection_closed')
    assert.equal(ledger.snapshot().total['retried'], 2)
    input.lose('x', 3, 'connection_closed')
    const { inputs, total, tags, balanced } = ledger.snapshot()
    assert.deepEqual([total['retried'], total['dropped']], [0, 5])
    assert.deepEqual([tags['x']?.['retried'], tags['x']?.['dropped']], [0, 5])
    assert.equal(inputs['in']?.['lost'], 6)
    assert.ok(balanced)
    assert.equal(logger.messages('error').length, 2)
  })

  test('what goes out, by output, and what is on its way', async () => {
    const [a, b] = [new FakeOutput('a'), new FakeOutput('b')]
    const stuck = Promise.withResolvers<Outcome>()
    a.answer = () => stuck.promise
    b.answer = () => Promise.resolve('rejected')
    const { input, ledger } = pipelineOf({ steps: [match('**', a, b)] })
    const sent = input.deliver(batch('x', 2))
    await new Promise((resolve) => setImmediate(resolve))
    const zero = { restored: 0, delivered: 0, retried: 0, rejected: 0, dropped: 0, buffered: 0 }
    assert.deepEqual(ledger.snapshot().outputs, {
      a: { ...zero, received: 2, in_flight: 2 },
      b: { ...zero, received: 2, rejected: 2, in_flight: 0 },
    })
    assert.equal(ledger.snapshot().total['in_flight'], 2)
    stuck.resolve('delivered')
    await sent
    assert.deepEqual(ledger.snapshot().total, {
      received: 2,
      restored: 0,
      copied: 2,
      filtered: 0,
      delivered: 2,
      retried: 0,
      rejected: 2,
      dropped: 0,
      buffered: 0,
      in_flight: 0,
    })
  })

  test('tags up to a bound, the others and very long ones together', async () => {
    const { input, ledger } = pipelineOf({ steps: [match('**', new FakeOutput('a'))] })
    await input.deliver(batch('x'.repeat(5000)))
    for (let index = 0; index < 1500; index++) await input.deliver(batch(`tag.${index}`))
    await input.deliver(batch('__proto__'))
    const { tags } = ledger.snapshot()
    assert.equal(Object.keys(tags).length, 1001)
    assert.equal(tags[OTHER_TAGS]?.['delivered'], 502)
  })

  test('as plain JSON', () => {
    const { input, ledger } = pipelineOf({ steps: [match('**', new FakeOutput('__proto__'))] })
    input.drop('__proto__', 1, 'not_a_map')
    const snapshot = ledger.snapshot()
    assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot)
    assert.ok(Object.hasOwn(snapshot.tags, '__proto__'))
  })
})

/** Holds events back and passes them on, joined or multiplied, as the numbers it is given say. */
class RandomFilter {
  held = 0
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  readonly make = withPort((port: FilterPort) => {
    return (entering: Batch) => this.#process(entering, port)
  })

  #process(entering: Batch, port: FilterPort): Batch | Filtered | Promise<Filtered> {
    const choice = this.#random() % 4
    if (choice === 0) return entering
    if (choice === 1 && this.held > 0) this.#emit(port)
    const held = this.#random() % (entering.count + 1)
    const released = this.#random() % (this.held + 1)
    const left = this.#random() % 3
    this.held += held - released
    const filtered = {
      batch: left > 0 ? batch('renamed', left) : null,
      held,
      released,
      settled: (outcome: Outcome) => {
        if (outcome === 'retry') this.held += released
      },
    }
    if (choice < 3) return filtered
    return this.#random() % 5 > 0 || held + released > 0
      ? new Promise((resolve) => setImmediate(resolve, filtered))
      : Promise.reject(new Error('for the test'))
  }

  #emit({ emit }: FilterPort): void {
    const released = 1 + (this.#random() % this.held)
    this.held -= released
    void emit(batch('x', 1), released).then((outcome) => {
      if (outcome === 'retry') this.held += released
    })
  }
}

const OUTCOMES = ['delivered', 'delivered', 'retry', 'rejected'] as const

/** An output whose answers are random, in kind and in time. */
function randomOutput(name: string, random: () => number): FakeOutput {
  const output = new FakeOutput(name)
  output.answer = async () => {
    const answer = random() % 5
    if (answer === 4) throw new Error('for the test')
    if (random() % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
    return OUTCOMES[answer]!
  }
  return output
}

test('is balanced at any moment of random runs', async () => {
  const run = async (numbers: readonly number[], counts: readonly number[]) => {
    let next = 0
    const random = () => numbers[next++ % numbers.length]!
    const [one, two] = [new RandomFilter(random), new RandomFilter(random)]
    const [a, b] = [randomOutput('a', random), randomOutput('b', random)]
    const { input, ledger, pipeline } = pipelineOf({
      steps: [filter('**', '1', one.make), match('x', a, 'l'), match('y', b)],
      labels: { l: [filter('**', '2', two.make), match('x renamed', a, b)] },
    })
    assert.equal(pipeline.filters.length, 2)
    const delivered = counts.map(async (count, index) => {
      const tag = ['x', 'y', 'z'][index % 3]!
      const outcome = await input.deliver(batch(tag, count))
      if (outcome === 'retry' && random() % 2 === 0) input.lose(tag, 1, 'for_the_test')
      assert.ok(ledger.snapshot().balanced, JSON.stringify(ledger.snapshot().total))
    })
    assert.ok(ledger.snapshot().balanced)
    await Promise.all(delivered)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    const { total, filters, outputs, balanced } = ledger.snapshot()
    assert.ok(balanced, JSON.stringify(total))
    assert.equal(total['in_flight'], one.held + two.held)
    assert.equal(filters['1']?.['held'], one.held)
    assert.deepEqual([outputs['a']?.['in_flight'], outputs['b']?.['in_flight']], [0, 0])
    assert.ok(Object.values(total).every((number) => number >= 0))
  }
  const numbers = fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 })
  const counts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 })
  await fc.assert(fc.asyncProperty(numbers, counts, run), { numRuns: 300 })
})
