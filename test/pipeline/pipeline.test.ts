import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Batch, Outcome } from '../../src/pipeline/batch.ts'
import type { Filtered } from '../../src/pipeline/component.ts'
import type { Step } from '../../src/pipeline/pipeline.ts'
import { CACHED_TAG_LENGTH_MAX, Stage } from '../../src/pipeline/stage.ts'
import {
  batch,
  FakeOutput,
  filter,
  match,
  pipelineOf,
  withPort,
} from '../support/pipeline-parts.ts'

/** Sends a batch per tag; `expected` says which output gets which tags. */
async function check(
  options: { steps: readonly Step[]; labels?: Readonly<Record<string, readonly Step[]>> },
  tags: readonly string[],
  expected: ReadonlyMap<FakeOutput, readonly string[]>,
) {
  const { input, ledger } = pipelineOf(options)
  for (const tag of tags) await input.deliver(batch(tag))
  for (const [output, got] of expected) assert.deepEqual(output.tags, got, output.name)
  assert.ok(ledger.snapshot().balanced)
}

suite('routes', () => {
  const [a, b, c] = [new FakeOutput('a'), new FakeOutput('b'), new FakeOutput('c')]
  const clear = () => [a, b, c].forEach((output) => (output.batches.length = 0))

  test('to the first match from the top', async () => {
    clear()
    const steps = [match('x.**', a), match('x.y', b), match('**', c)]
    await check(
      { steps },
      ['x.y', 'z', 'x'],
      new Map([
        [a, ['x.y', 'x']],
        [b, []],
        [c, ['z']],
      ]),
    )
  })

  test('to labels, and a copy to each of a list', async () => {
    clear()
    const steps = [match('x', a, 'errors'), match('**', 'errors')]
    const labels = { errors: [match('x', b), match('**', c)] }
    await check(
      { steps, labels },
      ['x', 'y'],
      new Map([
        [a, ['x']],
        [b, ['x']],
        [c, ['y']],
      ]),
    )
  })

  test('shares the bytes between copies', async () => {
    clear()
    const { input, ledger } = pipelineOf({ steps: [match('**', a, b)] })
    const sent = batch('x', 3)
    await input.deliver(sent)
    assert.equal(a.batches[0]?.entries, sent.entries)
    assert.equal(b.batches[0]?.entries, sent.entries)
    assert.equal(ledger.snapshot().total['copied'], 3)
  })

  test('an input to its label', async () => {
    clear()
    const { pipeline } = pipelineOf({ steps: [match('**', a)], labels: { own: [match('**', b)] } })
    await pipeline.forInput('other', 'own').deliver(batch('x'))
    assert.deepEqual([a.tags, b.tags], [[], ['x']])
  })

  test('nowhere: counted, warned about once per tag, answered so that it ends there', async () => {
    const { input, ledger, logger } = pipelineOf({ steps: [match('x', a)] })
    for (const tag of ['y', 'y', 'z']) assert.equal(await input.deliver(batch(tag, 2)), 'rejected')
    assert.deepEqual(
      logger.lines.map(({ level, fields }) => [level, fields]),
      [
        ['warn', { tag: 'y' }],
        ['warn', { tag: 'z' }],
      ],
    )
    assert.deepEqual(ledger.snapshot().drop_reasons.pipeline, { no_match: 6 })
  })
})

suite('what cannot be built', () => {
  const output = new FakeOutput('a')

  function refuse(options: Parameters<typeof pipelineOf>[0], message: string) {
    assert.throws(() => pipelineOf(options), { message })
  }

  test('says why', () => {
    refuse(
      {
        steps: [match('**', 'a')],
        labels: { a: [match('x', 'b')], b: [match('x', output), match('**', 'a')] },
      },
      'cannot route to @a: @a → @b → @a is a circle; expected an output at its end',
    )
    refuse(
      { steps: [match('**', 'c')], labels: { b: [], constructor: [] } },
      'cannot route to @c: there is no such label; expected @b, @constructor',
    )
    refuse(
      { steps: [match('**', 'toString')] },
      'cannot route to @toString: there is no such label; expected an output',
    )
    refuse(
      { steps: [match('**')] },
      'cannot add a match without targets; expected an output or label',
    )
    const same = filter('**', 'f', (entering) => entering)
    refuse(
      { steps: [same], labels: { a: [same] } },
      'cannot add filter f: another has this name; expected a name of its own',
    )
    assert.throws(() => pipelineOf({}).pipeline.forInput('in', 'x'), {
      message: 'cannot start input in at @x: there is no such label; expected an output',
    })
  })
})

suite('answers', () => {
  async function outcomeOf(...outcomes: Outcome[]) {
    const outputs = outcomes.map((outcome, index) => {
      const output = new FakeOutput(String(index))
      output.answer = () => Promise.resolve(outcome)
      return output
    })
    return pipelineOf({ steps: [match('**', ...outputs)] }).input.deliver(batch('x'))
  }

  test('what the outputs say, together', async () => {
    assert.equal(await outcomeOf('delivered'), 'delivered')
    assert.equal(await outcomeOf('rejected'), 'rejected')
    assert.equal(await outcomeOf('delivered', 'delivered'), 'delivered')
    assert.equal(await outcomeOf('delivered', 'rejected'), 'delivered')
    assert.equal(await outcomeOf('rejected', 'rejected'), 'rejected')
    assert.equal(await outcomeOf('delivered', 'retry', 'rejected'), 'retry')
  })

  test('retry for outputs and filters that fail, with an error in the log', async () => {
    const output = new FakeOutput('a')
    const failures: (() => Promise<Outcome>)[] = [
      () => Promise.reject(new Error('rejected')),
      () => {
        throw new Error('thrown')
      },
    ]
    const failing = filter('f', 'f', () => {
      throw new Error('thrown')
    })
    const later = filter('g', 'g', () => Promise.reject(new Error('rejected')))
    const { input, ledger, logger } = pipelineOf({ steps: [failing, later, match('**', output)] })
    for (const failure of failures) {
      output.answer = failure
      assert.equal(await input.deliver(batch('x')), 'retry')
    }
    assert.equal(await input.deliver(batch('f')), 'retry')
    assert.equal(await input.deliver(batch('g')), 'retry')
    assert.equal(logger.messages('error').length, 4)
    const { total, balanced } = ledger.snapshot()
    assert.deepEqual([total['retried'], total['in_flight'], balanced], [4, 0, true])
  })
})

suite('batches that an output answers with one promise', () => {
  async function several(settle: (answer: PromiseWithResolvers<Outcome>) => void) {
    const output = new FakeOutput('a')
    const answer = Promise.withResolvers<Outcome>()
    output.answer = () => answer.promise
    const steps = [filter('**', 'f', (entering) => entering), match('**', output)]
    const { input, ledger, logger } = pipelineOf({ steps })
    const sent = [batch('x', 1), batch('x', 2), batch('y', 4), batch('x', 8)]
    const promises = sent.map((entering) => input.deliver(entering))
    assert.equal(new Set(promises).size, 1, 'no promise per batch')
    assert.equal(ledger.snapshot().total['in_flight'], 15)
    settle(answer)
    const outcome = await promises[0]
    return { input, ledger, logger, outcome }
  }

  test('settle together, each for its own tag', async () => {
    const { input, ledger, outcome } = await several((answer) => answer.resolve('delivered'))
    assert.equal(outcome, 'delivered')
    const { tags, outputs, balanced } = ledger.snapshot()
    assert.deepEqual([tags['x']?.['delivered'], tags['y']?.['delivered']], [11, 4])
    assert.equal(outputs['a']?.['in_flight'], 0)
    assert.ok(balanced)
    // The promise is settled by now; what comes with it again is counted again.
    assert.equal(await input.deliver(batch('y', 16)), 'delivered')
    assert.equal(ledger.snapshot().tags['y']?.['delivered'], 20)
  })

  test('go back together when the output fails, with one error', async () => {
    const { ledger, logger, outcome } = await several((answer) =>
      answer.reject(new Error('broken')),
    )
    assert.equal(outcome, 'retry')
    const { total, balanced } = ledger.snapshot()
    assert.deepEqual([total['retried'], total['in_flight'], balanced], [15, 0, true])
    assert.deepEqual(
      logger.lines.map(({ fields }) => fields['events']),
      [15],
    )
  })
})

suite('filters', () => {
  const to = (tag: string) => (entering: Batch) => ({ ...entering, tag })

  test('work in order, on what fits, before the match behind them', async () => {
    const output = new FakeOutput('a')
    const seen: string[] = []
    const see = (name: string) => (entering: Batch) => {
      seen.push(name + entering.tag)
      return entering
    }
    const steps = [
      filter('x', '1', see('1')),
      filter('y', '2', see('2')),
      filter('**', '3', see('3')),
      match('**', output),
      filter('**', '4', see('4')),
    ]
    const { input } = pipelineOf({ steps })
    await input.deliver(batch('x'))
    await input.deliver(batch('y'))
    assert.deepEqual(seen, ['1x', '3x', '2y', '3y'])
  })

  test('may rename: the rest of the way is decided by the new tag', async () => {
    const [a, b] = [new FakeOutput('a'), new FakeOutput('b')]
    const steps = [filter('x', 'rename', to('y')), match('x', a), match('y', b)]
    const { input, ledger } = pipelineOf({ steps })
    await input.deliver(batch('x'))
    assert.deepEqual([a.tags, b.tags], [[], ['y']])
    const { tags, balanced } = ledger.snapshot()
    assert.deepEqual([tags['x']?.['in_flight'], tags['y']?.['in_flight']], [0, 0])
    assert.ok(balanced)
  })

  test('emit goes on behind the filter, in its label', async () => {
    const [a, b] = [new FakeOutput('a'), new FakeOutput('b')]
    const holding = withPort(({ emit, restored }) => (entering) => {
      restored('y', 2)
      void emit(batch('y', 2))
      return { batch: entering, held: 0 }
    })
    const labels = { l: [match('none', b), filter('**', 'f', holding), match('**', b)] }
    const { input } = pipelineOf({ steps: [match('**', 'l'), match('**', a)], labels })
    await input.deliver(batch('x'))
    assert.deepEqual([a.tags, b.tags], [[], ['y', 'x']])
  })

  test('start from the last to the first and stop from the first to the last', async () => {
    const calls: string[] = []
    const output = new FakeOutput('out')
    const noting = (name: string) =>
      filter('**', name, (entering) => entering, {
        start: async () => void calls.push(`start ${name}`),
        stop: async () => {
          calls.push(`stop ${name}`)
          throw new Error('for the test')
        },
      })
    const { pipeline, logger } = pipelineOf({
      steps: [noting('1'), noting('2'), match('**', 'first')],
      labels: {
        second: [noting('4'), match('**', output)],
        first: [noting('3'), match('**', 'second')],
      },
    })
    await pipeline.start()
    await pipeline.stop(AbortSignal.timeout(1000))
    const up = ['start 4', 'start 3', 'start 2', 'start 1']
    assert.deepEqual(calls, [...up, 'stop 1', 'stop 2', 'stop 3', 'stop 4'])
    assert.equal(logger.messages('error').length, 4)
  })

  test('hear of connections that have ended', () => {
    const origins: object[] = []
    const hearing = filter('**', 'f', (entering) => entering, {
      closed: (origin) => void origins.push(origin),
    })
    const origin = {}
    pipelineOf({ steps: [hearing] }).input.closed(origin)
    assert.deepEqual(origins, [origin])
  })
})

suite('order', () => {
  test('what a filter answers late does not fall behind, per tag', async () => {
    const output = new FakeOutput('a')
    const slow = Promise.withResolvers<Filtered>()
    let calls = 0
    const sometimesSlow = (entering: Batch) =>
      entering.tag === 'x' && calls++ === 0 ? slow.promise : entering
    const steps = [
      filter('**', '1', sometimesSlow),
      filter('**', '2', (entering) => entering),
      match('**', output),
    ]
    const { input, ledger } = pipelineOf({ steps })
    const sent = [batch('x', 1), batch('x', 2), batch('y', 3), batch('x', 4)]
    const outcomes = sent.map((entering) => input.deliver(entering))
    await outcomes[2]
    assert.deepEqual(output.batches, [sent[2]])
    assert.ok(ledger.snapshot().balanced)
    slow.resolve({ batch: sent[0]!, held: 0 })
    assert.deepEqual(
      await Promise.all(outcomes),
      sent.map(() => 'delivered'),
    )
    assert.deepEqual(output.batches, [sent[2], sent[0], sent[1], sent[3]])
  })

  test('a failure in between keeps nobody waiting', async () => {
    const output = new FakeOutput('a')
    const first = Promise.withResolvers<Filtered>()
    const answers = [first.promise, Promise.reject<Filtered>(new Error('for the test'))]
    const steps = [
      filter('**', 'f', (entering) => answers.shift() ?? entering),
      match('**', output),
    ]
    const { input } = pipelineOf({ steps })
    const outcomes = [1, 2, 3].map((count) => input.deliver(batch('x', count)))
    await new Promise((resolve) => setImmediate(resolve))
    first.resolve({ batch: batch('x', 1), held: 0 })
    assert.deepEqual(await Promise.all(outcomes), ['delivered', 'retry', 'delivered'])
    assert.deepEqual(
      output.batches.map(({ count }) => count),
      [1, 3],
    )
  })

  test('waits for what comes before to be passed on, not for its outcome', async () => {
    const output = new FakeOutput('a')
    const stuck = Promise.withResolvers<Outcome>()
    output.answer = ({ count }) => (count === 1 ? stuck.promise : Promise.resolve('delivered'))
    const steps = [
      filter('**', 'f', (entering) => Promise.resolve({ batch: entering, held: 0 })),
      match('**', output),
    ]
    const { input } = pipelineOf({ steps })
    const outcomes = [1, 2].map((count) => input.deliver(batch('x', count)))
    assert.equal(await outcomes[1], 'delivered')
    stuck.resolve('rejected')
    assert.equal(await outcomes[0], 'rejected')
  })
})

suite('decisions are remembered', () => {
  test('up to a bound, and not for long tags', () => {
    let asked = 0
    const sink = { deliver: () => Promise.resolve<Outcome>('delivered') }
    const stage = new Stage({
      branches: [{ matches: () => ++asked > 0, sink }],
      otherwise: sink,
      cachedTagsMax: 3,
    })
    const ask = (tag: string) => void stage.deliver(batch(tag), undefined as never)
    for (const tag of ['a', 'b', 'a', 'b', 'c']) ask(tag)
    assert.equal(asked, 3)
    for (let index = 0; index < 1000; index++) ask(`hostile.${index}`)
    assert.equal(stage.cachedTags, 3)
    const long = 'x'.repeat(CACHED_TAG_LENGTH_MAX + 1)
    ask(long)
    ask(long)
    assert.equal(asked, 1005)
  })
})
