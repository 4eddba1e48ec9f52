/** What becomes of the memory of answers, most of which would be left to garbage collection. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { giveBack, readAnswer } from '../../../../src/outputs/support/bulk/read-answer.ts'

/** With memory of its own, as a socket's reads have. */
function own(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(text.length)
  bytes.write(text)
  return bytes
}

test('gives parts back that are copied, but none that others may have a view of', async () => {
  const shared = own('head and body')
  const parts = [shared.subarray(9), own(' goes'), own(' on')]
  const answer = await readAnswer(Readable.from(parts), 100)
  assert.equal(Buffer.from(answer).toString(), 'body goes on')
  assert.deepEqual(
    parts.map(({ length }) => length),
    [4, 0, 0],
  )
  assert.equal(shared.toString(), 'head and body')
})

test('an answer in one part is that part, until it is given back', async () => {
  const part = own('all')
  const answer = await readAnswer(Readable.from([part]), 100)
  assert.equal(answer, part)
  giveBack(answer)
  assert.equal(part.length, 0)
})
