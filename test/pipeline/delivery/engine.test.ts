import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { EVENT_BYTES } from './pieces.ts'
import { DEFAULTS, DELIVERED, RETRY, Rig } from './rig.ts'
import { drain } from './simulation/virtual-time.ts'

const HOLD = { kind: 'hold', reason: '401 Unauthorized' } as const

suite('sending', () => {
  test('a batch goes with the next microtask, its sender is answered without a timer', async () => {
    const rig = new Rig()
    await drain()
    rig.answers.push(DELIVERED)
    rig.append('a', 0)
    await Promise.resolve()
    assert.deepEqual(rig.sent, [[0]])
    await drain()
    assert.equal(rig.outcomes.get(0), 'delivered')
    assert.deepEqual(rig.finished, ['a: 1 + 0'])
    assert.equal(rig.time.pending, 0)
  })

  test('what comes while the output is busy goes together', async () => {
    const rig = new Rig()
    await rig.add('a', 0)
    for (const id of [1, 2]) rig.append('a', id)
    await rig.add('b', 10)
    await rig.answer(DELIVERED)
    assert.deepEqual(rig.sent, [[0], [10, 1, 2]])
  })

  test('waits for others until the oldest is of age, or the chunk is full', async () => {
    const rig = new Rig({ chunk: { bytes: 1e9, events: 3, ageMs: 50 } })
    await rig.add('a', 0)
    await rig.advance(30)
    await rig.add('b', 10)
    await rig.advance(19)
    assert.deepEqual(rig.sent, [])
    assert.equal(rig.engine.state.nextTryAt, rig.time.now() + 1)
    await rig.advance(1)
    assert.deepEqual(rig.sent, [[0, 10]])
    await rig.answer(DELIVERED)
    await rig.add('a', 20, 3)
    assert.deepEqual(rig.sent, [
      [0, 10],
      [20, 21, 22],
    ])
  })

  test('a single event larger than a chunk goes alone', async () => {
    const rig = new Rig({ chunk: { bytes: EVENT_BYTES - 1, events: 9, ageMs: 0 } })
    rig.answerAll = () => DELIVERED
    await rig.add('a', 0, 3)
    assert.deepEqual(rig.sent, [[0], [1], [2]])
    assert.deepEqual(rig.finished, ['a: 3 + 0'])
  })

  test('takes no more from the store than the look-ahead', async () => {
    const rig = new Rig({ lookAhead: { bytes: 1e9, events: 3 } })
    for (let id = 0; id < 10; id++) await rig.add('a', id)
    assert.deepEqual([rig.store.events, rig.engine.state.heldEvents], [10, 3])
    await rig.answer(DELIVERED)
    assert.deepEqual([rig.store.events, rig.engine.state.heldEvents], [9, 3])
  })
})

suite('several on their way', () => {
  const settings = {
    chunk: { bytes: 1e9, events: 3, ageMs: 0 },
    ...{ concurrency: 2, isOrdered: false, gatherMs: 200 },
  }

  test('the first goes at once, another when it is full', async () => {
    const rig = new Rig(settings)
    for (let id = 0; id < 3; id++) await rig.add('a', id)
    assert.deepEqual(rig.sent, [[0]])
    await rig.add('a', 3)
    assert.deepEqual(rig.sent, [[0], [1, 2, 3]])
  })

  test('one that is not full waits for more, but not for ever', async () => {
    const rig = new Rig(settings)
    await rig.add('a', 0)
    await rig.add('a', 1)
    await rig.advance(199)
    assert.deepEqual(rig.sent, [[0]])
    await rig.advance(1)
    assert.deepEqual(rig.sent, [[0], [1]])
  })

  test('one that is not full goes when the others are answered', async () => {
    const rig = new Rig(settings)
    await rig.add('a', 0)
    await rig.add('a', 1)
    await rig.answer(DELIVERED)
    assert.deepEqual(rig.sent, [[0], [1]])
  })
})

suite('order', () => {
  test('a chunk that waits holds back its tags alone', async () => {
    const rig = new Rig({ concurrency: 2 })
    await rig.add('a', 0)
    await rig.answer(RETRY)
    await rig.add('a', 1)
    await rig.add('b', 10)
    assert.deepEqual(rig.sent, [[0], [10]])
    await rig.advance(100)
    assert.deepEqual(rig.sent, [[0], [10], [0]])
    await rig.calls[1]!.answer(DELIVERED)
    assert.deepEqual(rig.sent, [[0], [10], [0], [1]])
  })

  test('what was tried goes before what is new', async () => {
    const rig = new Rig({ chunk: { bytes: 1e9, events: 1, ageMs: 0 } })
    await rig.add('a', 0)
    await rig.answer(RETRY)
    await rig.add('b', 10)
    await rig.add('c', 20)
    await rig.advance(100)
    await rig.answer(DELIVERED)
    assert.deepEqual(rig.sent, [[0], [10], [0]])
  })

  test('a flood of one tag lets the others have their turns', async () => {
    const rig = new Rig({ chunk: { bytes: 1e9, events: 2, ageMs: 0 } })
    await rig.add('flood', 0)
    for (let id = 1; id < 100; id++) rig.append('flood', id)
    for (const [tag, id] of [
      ['b', 200],
      ['c', 300],
    ] as const)
      await rig.add(tag, id)
    for (let turn = 0; turn < 3; turn++) await rig.answer(DELIVERED)
    assert.deepEqual(rig.sent, [[0], [200, 300], [1, 2], [3, 4]])
  })

  // As docs/guide/reliability.md says under "Memory".
  test('a tag that fills the look-ahead holds others back, until it is given up', async () => {
    const rig = new Rig({
      chunk: { bytes: 1e9, events: 1, ageMs: 0 },
      lookAhead: { bytes: 1e9, events: 3 },
      giveUpAfter: { kind: 'count', failures: 2 },
    })
    rig.answerAll = ([id]) => (id! < 10 ? RETRY : DELIVERED)
    for (let id = 0; id < 3; id++) rig.append('bad', id)
    await rig.add('good', 10)
    assert.deepEqual(rig.sent, [[0]])
    await rig.advance(100)
    assert.deepEqual(rig.sent.slice(1, 4), [[0], [1], [10]])
  })

  test('none if none is wanted', async () => {
    const rig = new Rig({ concurrency: 2, isOrdered: false })
    await rig.add('a', 0)
    await rig.add('a', 1)
    assert.deepEqual(rig.sent, [[0], [1]])
  })
})

suite('failing', () => {
  test('waits longer each time, tells how often, and ends with success', async () => {
    const rig = new Rig()
    await rig.add('a', 0, 2)
    const startedAt = rig.time.now()
    assert.deepEqual([rig.calls[0]!.chunk.attempts, rig.calls[0]!.chunk.firstTriedAt], [0, null])
    await rig.answer(RETRY)
    const { lastFailure, nextTryAt, failures, attempts } = rig.engine.state
    assert.deepEqual(lastFailure, { reason: 'busy', at: startedAt })
    assert.deepEqual([nextTryAt, failures, attempts], [startedAt + 100, 1, 1])
    await rig.advance(100)
    const { chunk } = rig.calls[0]!
    assert.deepEqual([chunk.attempts, chunk.firstTriedAt], [1, startedAt])
    await rig.answer(DELIVERED)
    assert.deepEqual(rig.retried, ['a: 2'])
    const { state } = rig.engine
    assert.deepEqual([state.lastFailure, state.nextTryAt, state.failures], [null, null, 0])
  })

  test('an answer after the timeout changes nothing', async () => {
    const rig = new Rig({ timeoutMs: 500 })
    await rig.add('a', 0)
    await rig.advance(500)
    const [late] = rig.calls
    assert.ok(late?.signal.aborted)
    assert.equal(rig.engine.state.lastFailure?.reason, 'no answer within 500 ms')
    await rig.advance(100)
    await late.answer(DELIVERED)
    assert.equal(rig.outcomes.get(0), undefined)
    await rig.answer(DELIVERED)
    assert.equal(rig.outcomes.get(0), 'delivered')
    assert.deepEqual(rig.finished, ['a: 1 + 0'])
  })

  test('a Retry-After holds everything back', async () => {
    const rig = new Rig({ concurrency: 2 })
    await rig.add('a', 0)
    await rig.answer({ kind: 'retry', reason: '429', afterMs: 5000 })
    await rig.add('b', 10)
    await rig.advance(4999)
    assert.deepEqual(rig.sent, [[0]])
    await rig.advance(1)
    assert.deepEqual(rig.sent, [[0], [0], [10]])
  })

  test('the breaker stops all sending, then tries one chunk', async () => {
    const rig = new Rig({ concurrency: 3, breakerFailures: 2 })
    rig.answers.push(RETRY, RETRY)
    await rig.add('a', 0)
    await rig.add('b', 10)
    await rig.add('c', 20)
    assert.equal(rig.engine.state.breaker, 'open')
    assert.equal(rig.engine.problem, 'busy')
    assert.equal(rig.engine.state.nextTryAt, rig.time.now() + 100)
    await rig.advance(100)
    // The probe is what has not failed yet.
    assert.deepEqual(rig.sent, [[0], [10], [20]])
    assert.equal(rig.engine.state.breaker, 'half_open')
    await rig.answer(DELIVERED)
    assert.deepEqual(rig.sent, [[0], [10], [20], [0], [10]])
    assert.equal(rig.engine.problem, null)
    assert.deepEqual(rig.log.messages('warn'), [
      'an output keeps failing: sending pauses, then one try',
    ])
    assert.deepEqual(rig.log.messages('info'), ['an output works again'])
  })

  test('what holds all is one alarm, however often the breaker tries', async () => {
    const rig = new Rig({ concurrency: 3, breakerFailures: 2 })
    const hold = { kind: 'hold', reason: 'the password is wrong' } as const
    rig.answers.push(hold, hold, hold, hold)
    await rig.add('a', 0)
    await rig.add('b', 10)
    await rig.advance(100)
    await rig.advance(1000)
    assert.ok(rig.sent.length >= 4)
    assert.deepEqual(rig.log.messages('error'), [
      'an output holds its events until somebody sets it right',
    ])
    assert.deepEqual(rig.log.messages('warn'), [])
  })

  test('the probe is what has failed least', async () => {
    const rig = new Rig({ breakerFailures: 3 })
    rig.answers.push(RETRY, RETRY, RETRY)
    await rig.add('a', 0)
    await rig.advance(100)
    await rig.add('b', 10)
    assert.equal(rig.engine.state.breaker, 'open')
    await rig.advance(100)
    assert.deepEqual(rig.sent, [[0], [0], [10], [10]])
  })

  test('is no problem any more once all was given up', async () => {
    const rig = new Rig({ breakerFailures: 2, giveUpAfter: { kind: 'count', failures: 3 } })
    rig.answers.push(RETRY, RETRY)
    await rig.add('a', 0)
    await rig.advance(100)
    assert.equal(rig.engine.state.breaker, 'open')
    assert.notEqual(rig.engine.problem, null)
    rig.answers.push(RETRY)
    await rig.advance(1000)
    assert.equal(rig.letters.length, 1)
    assert.notEqual(rig.engine.state.breaker, 'closed')
    assert.equal(rig.engine.problem, null)
  })

  test('an output that holds is tried for ever, and says so once', async () => {
    const rig = new Rig({ giveUpAfter: { kind: 'duration', ms: 0 } })
    await rig.add('a', 0)
    for (let count = 0; count < 50; count++) {
      await rig.answer(HOLD)
      await rig.advance(1000)
    }
    assert.deepEqual(rig.letters, [])
    const alarms = rig.log.messages('error')
    assert.deepEqual(alarms, ['an output holds its events until somebody sets it right'])
    await rig.answer(DELIVERED)
    assert.equal(rig.outcomes.get(0), 'delivered')
  })
})

suite('poison', () => {
  /** Rejects what has one of these, and cannot say which it is. */
  function poisoned(count: number, poison: readonly number[]): Rig {
    const rig = new Rig()
    const bad = new Set(poison)
    rig.answerAll = (ids) =>
      ids.some((id) => bad.has(id)) ? { kind: 'rejected', reason: '400 mapping' } : DELIVERED
    rig.append('a', 0, count)
    return rig
  }

  test('is found by halving: the guilty are rejected, the others delivered', async () => {
    const rig = poisoned(8, [5])
    await drain()
    assert.deepEqual(rig.sent.slice(0, 4), [
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [4, 5],
    ])
    assert.deepEqual(rig.sent.slice(4), [[4], [5], [6, 7]])
    const [letter] = rig.letters
    assert.deepEqual([letter?.firstEvent, letter?.count, letter?.sequence], [5, 1, 0])
    assert.match(letter?.buffer ?? '', /^[\w-]{12}$/)
    assert.deepEqual(
      [letter?.cause, letter?.reason, letter?.attempts],
      ['rejected', '400 mapping', 4],
    )
    assert.deepEqual(rig.finished, ['a: 7 + 1'])
    assert.equal(rig.outcomes.get(0), 'delivered')
  })

  test('with a number of attempts that grows with its own, not with all events', async () => {
    for (const poison of [[0], [1023], [7, 8], [1, 100, 500, 501, 1000]]) {
      const rig = poisoned(1024, poison)
      await drain()
      const attemptsMax = 1 + 2 * poison.length * Math.log2(1024)
      assert.ok(rig.sent.length <= attemptsMax, `${rig.sent.length} attempts`)
      assert.deepEqual(
        rig.letters.map(({ firstEvent }) => firstEvent),
        poison,
      )
      assert.deepEqual(rig.finished, [`a: ${1024 - poison.length} + ${poison.length}`])
    }
  })

  test('in the middle of a large chunk leaves its tag in order, and others too', async () => {
    const rig = new Rig({ concurrency: 4, chunk: { bytes: 1e9, events: 64, ageMs: 0 } })
    const delivered: number[] = []
    rig.answerAll = (ids) => {
      if (ids.includes(305)) return { kind: 'rejected', reason: 'bad' }
      delivered.push(...ids)
      return DELIVERED
    }
    // Of tag `b` those from 1000 on.
    for (let first = 0; first < 600; first += 10) {
      rig.append('a', first, 10)
      rig.append('b', 1000 + first, 10)
    }
    await drain()
    const all = Array.from({ length: 600 }, (_, id) => id)
    assert.deepEqual(
      delivered.filter((id) => id < 1000),
      all.filter((id) => id !== 305),
    )
    assert.deepEqual(
      delivered.filter((id) => id >= 1000),
      all.map((id) => 1000 + id),
    )
    assert.deepEqual(
      rig.letters.map(({ sequence, firstEvent, count }) => [sequence, firstEvent, count]),
      [[60, 5, 1]],
    )
    await rig.stop()
  })

  test('a batch of nothing else is rejected', async () => {
    const rig = poisoned(2, [0, 1])
    await drain()
    assert.equal(rig.outcomes.get(0), 'rejected')
    assert.deepEqual(rig.finished, ['a: 0 + 2'])
  })
})

suite('dead letters', () => {
  test('events that fail too often, with their history', async () => {
    const rig = new Rig({ giveUpAfter: { kind: 'count', failures: 2 } })
    const firstTriedAt = rig.time.now()
    await rig.add('a', 0, 3)
    await rig.answer({ kind: 'retry', reason: 'first' })
    await rig.advance(100)
    await rig.answer({ kind: 'retry', reason: 'second' })
    const [letter] = rig.letters
    assert.ok(letter)
    const { tag, count, cause, reason, firstReason, attempts, lastTriedAt } = letter
    assert.deepEqual([tag, count, cause, attempts], ['a', 3, 'given_up', 2])
    assert.deepEqual([firstReason, reason], ['first', 'second'])
    assert.deepEqual([letter.firstTriedAt, lastTriedAt], [firstTriedAt, firstTriedAt + 100])
    assert.deepEqual(rig.finished, ['a: 0 + 3'])
  })

  test('that cannot be kept wait; what came after them does not', async () => {
    const rig = new Rig()
    rig.lettersError = new Error('no space left')
    const rejected = [{ batch: 0, first: 0, count: 1, reason: 'bad' }]
    rig.answers.push({ kind: 'partly', reason: '', rejected }, DELIVERED)
    await rig.add('a', 0, 2)
    await rig.add('a', 10)
    assert.deepEqual(rig.finished, ['a: 1 + 0'])
    assert.equal(rig.outcomes.get(0), undefined)
    assert.equal(rig.engine.problem, 'cannot keep dead letters: no space left')
    assert.equal(rig.engine.state.deadLettersWaiting, 1)
    rig.lettersError = null
    await rig.advance(100)
    assert.deepEqual(rig.finished, ['a: 1 + 0', 'a: 1 + 1'])
    assert.deepEqual([rig.letters.length, rig.engine.problem], [1, null])
    assert.equal(rig.engine.state.deadLettersWaiting, 0)
  })
})

suite('stop', () => {
  test('waits for what is in flight, sends nothing new', async () => {
    const rig = new Rig()
    await rig.add('a', 0)
    await rig.add('a', 1)
    const stopped = rig.stop(new AbortController().signal)
    await rig.answer(DELIVERED)
    await stopped
    assert.deepEqual(rig.sent, [[0]])
    assert.equal(rig.outcomes.get(0), 'delivered')
    assert.equal(rig.store.events, 1)
  })

  test('at the deadline it ends all the same; a late answer changes nothing', async () => {
    const rig = new Rig()
    await rig.add('a', 0)
    const deadline = new AbortController()
    const stopped = rig.stop(deadline.signal)
    await drain()
    deadline.abort()
    await stopped
    assert.ok(rig.calls[0]!.signal.aborted)
    await rig.answer(DELIVERED)
    assert.equal(rig.store.events, 1)
    await rig.add('a', 1)
    assert.deepEqual(rig.sent, [[0]])
  })

  test('twice is once, and it works before anything was sent', async () => {
    const rig = new Rig({ ...DEFAULTS, chunk: { ...DEFAULTS.chunk, ageMs: 1000 } })
    await rig.add('a', 0)
    assert.equal(rig.time.pending, 1)
    const first = rig.engine.stop(new AbortController().signal)
    assert.equal(rig.engine.stop(AbortSignal.abort()), first)
    await first
    assert.equal(rig.time.pending, 0)
    rig.engine.start()
    await drain()
    assert.deepEqual(rig.sent, [])
  })
})
