import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Outcome } from '../../../src/pipeline/batch.ts'
import type { DeadLetter } from '../../../src/pipeline/delivery/dead-letter.ts'
import { Secondary } from '../../../src/pipeline/delivery/secondary.ts'
import { stored } from './pieces.ts'

function letter(tag: string): DeadLetter {
  const { entries, count, sequence } = stored(tag, 0, 2)
  const times = { attempts: 1, firstTriedAt: 0, lastTriedAt: 0 }
  const place = { buffer: 'b1', sequence, firstEvent: 0 }
  const why = { cause: 'rejected', reason: 'x', firstReason: 'x' } as const
  return { tag, entries, count, ...place, ...times, ...why }
}

function secondaryOf(outcomes: Record<string, Outcome>) {
  const sent: string[] = []
  const kept: string[] = []
  const target = {
    deliver: async ({ tag, onKept }: Batch) => {
      sent.push(tag)
      if (tag.startsWith('kept')) onKept?.()
      return outcomes[tag]!
    },
  }
  const add = async (letters: readonly DeadLetter[]) => void kept.push(...letters.map((l) => l.tag))
  return { secondary: new Secondary(target, { add }), outcomes, sent, kept }
}

test('what the second target rejects goes to the dead letters', async () => {
  const { secondary, sent, kept } = secondaryOf({ a: 'delivered', b: 'rejected', c: 'delivered' })
  await secondary.add(['a', 'b', 'c'].map(letter))
  assert.deepEqual(sent, ['a', 'b', 'c'])
  assert.deepEqual(kept, ['b'])
})

test('what the buffer of the second target keeps is not kept again', async () => {
  const { secondary, sent, kept } = secondaryOf({ 'kept.a': 'rejected', b: 'rejected' })
  await secondary.add(['kept.a', 'b'].map(letter))
  assert.deepEqual(sent, ['kept.a', 'b'])
  assert.deepEqual(kept, ['b'])
})

test('while it answers retry all wait, and what it has is not sent again', async () => {
  const { secondary, outcomes, sent, kept } = secondaryOf({ a: 'delivered', b: 'retry' })
  const letters = ['a', 'b'].map(letter)
  await assert.rejects(secondary.add(letters), /cannot deliver to the secondary output/)
  outcomes['b'] = 'delivered'
  await secondary.add(letters)
  assert.deepEqual(sent, ['a', 'b', 'b'])
  assert.deepEqual(kept, [])
})
