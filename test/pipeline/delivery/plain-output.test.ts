import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../../src/pipeline/batch.ts'
import { Parcel } from '../../../src/pipeline/delivery/parcel.ts'
import { PlainOutput } from '../../../src/pipeline/delivery/plain-output.ts'
import { piece } from './pieces.ts'

const chunk = new Parcel([piece('a', 0, 2), piece('b', 10, 1), piece('c', 20, 3)])

async function answerTo(...outcomes: (Outcome | Error)[]) {
  const tags: string[] = []
  const output = new PlainOutput({
    deliver: async ({ tag }) => {
      tags.push(tag)
      const outcome = outcomes[tags.length - 1]!
      if (outcome instanceof Error) throw outcome
      return outcome
    },
  })
  const answer = await output.deliverChunk(chunk)
  assert.deepEqual(tags, ['a', 'b', 'c'])
  return answer
}

test('says of each batch what the output said', async () => {
  assert.deepEqual(await answerTo('delivered', 'delivered', 'delivered'), { kind: 'delivered' })
  assert.deepEqual(await answerTo('delivered', 'retry', new Error('broken')), {
    kind: 'partly',
    reason: 'the output answered retry',
    retry: [
      { batch: 1, first: 0, count: 1 },
      { batch: 2, first: 0, count: 3 },
    ],
    suspected: [],
  })
})

test('a rejected batch is suspected, as it cannot say which event is to blame', async () => {
  const reason = 'the output answered rejected'
  const rejected = await answerTo('rejected', 'rejected', 'rejected')
  assert.deepEqual(rejected, { kind: 'rejected', reason })
  assert.deepEqual(await answerTo('rejected', 'delivered', 'retry'), {
    kind: 'partly',
    reason,
    retry: [{ batch: 2, first: 0, count: 3 }],
    suspected: [{ batch: 0, first: 0, count: 2 }],
  })
})
