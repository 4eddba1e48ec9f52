import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Parcel } from '../../../src/pipeline/delivery/parcel.ts'
import type { Piece } from '../../../src/pipeline/delivery/piece.ts'
import { judge, reasonOf, sortByFate } from '../../../src/pipeline/delivery/verdict.ts'
import { ids, piece } from './pieces.ts'

const pieces = [piece('a', 0, 4), piece('b', 10, 2)]
const chunk = new Parcel(pieces)

function range(batch: number, first: number, count: number, reason?: string) {
  return { batch, first, count, ...(reason !== undefined && { reason }) }
}

/** `[delivered, retry, suspected, rejected]` as ids. */
function sorted(answer: object) {
  const verdict = judge({ kind: 'partly', reason: 'why', ...answer }, chunk)
  assert.ok(verdict.kind === 'mixed', `${verdict.kind}: ${JSON.stringify(verdict)}`)
  const { delivered, again, rejected } = sortByFate(pieces, verdict)
  const [suspected, retry] = [true, false].map((wanted) =>
    again.filter(({ isSuspected }) => isSuspected === wanted).map(({ piece }) => piece),
  ) as [Piece[], Piece[]]
  const named = rejected.map((one) => [one.reason, ...ids([one.piece]).flat()])
  return [ids(delivered), ids(retry), ids(suspected), named]
}

suite('partly', () => {
  test('what is not named is delivered', () => {
    assert.deepEqual(sorted({ retry: [range(0, 1, 2)], suspected: [range(1, 1, 1)] }), [
      [[0], [3], [10]],
      [[1, 2]],
      [[11]],
      [],
    ])
  })

  test('rejected events go with their reasons, cut where those change', () => {
    const rejected = [range(0, 0, 2, 'x'), range(0, 2, 1, 'y'), range(1, 0, 1, 'y')]
    assert.deepEqual(sorted({ rejected }), [
      [[3], [11]],
      [],
      [],
      [
        ['x', 0, 1],
        ['y', 2],
        ['y', 10],
      ],
    ])
  })

  test('all or nothing in many words', () => {
    const all = [range(0, 0, 4), range(1, 0, 2)]
    assert.deepEqual(judge({ kind: 'partly', reason: '', retry: [] }, chunk), { kind: 'delivered' })
    assert.deepEqual(judge({ kind: 'partly', reason: 'busy', retry: all, afterMs: 7 }, chunk), {
      kind: 'failed',
      reason: 'busy',
      afterMs: 7,
      countsForGiveUp: true,
    })
  })
})

test('what makes no sense is a failure of everything', () => {
  const parts = (retry: unknown) => ({ kind: 'partly', reason: '', retry })
  const answers = [
    ...[null, undefined, true, 'delivered', 1, [], {}, { kind: 'constructor' }],
    ...[range(0, 3, 2), range(2, 0, 1), range(-1, 0, 1), range(0, -1, 2), range(0, 0, 0)].map(
      (one) => parts([one]),
    ),
    ...[range(0, 0.5, 1), range(0, NaN, 1), range(0, 0, Infinity), null, 'x'].map((one) =>
      parts([one]),
    ),
    ...[{}, 'all', null].map(parts),
    parts([range(0, 0, 2), range(0, 1, 1)]),
    { ...parts([range(0, 0, 1)]), rejected: [range(0, 0, 1, 'x')] },
  ]
  for (const answer of answers) {
    const verdict = judge(answer, chunk)
    assert.ok(verdict.kind === 'failed', JSON.stringify(answer))
    assert.match(verdict.reason, /BUG: the output's answer makes no sense/)
  }
})

test('a reason is text of a bounded length', () => {
  assert.equal(reasonOf(new Error('why')), 'why')
  for (const reason of [undefined, null, 7, {}, ''])
    assert.equal(reasonOf(reason), 'no reason given')
  assert.equal(reasonOf('x'.repeat(5000)).length, 1001)
})
