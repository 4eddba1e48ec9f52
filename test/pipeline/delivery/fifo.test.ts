import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from '../../../src/pipeline/delivery/fifo.ts'

test('gives what it was given, in order, however long it gets', () => {
  const fifo = new Fifo<number>()
  const model: number[] = []
  for (let round = 0; round < 1000; round++) {
    const isFilling = round % 200 < 120
    for (let count = isFilling ? 3 : 1; count > 0; count--) {
      fifo.push(round * 10 + count)
      model.push(round * 10 + count)
    }
    for (let count = isFilling ? 1 : 5; count > 0; count--)
      assert.equal(fifo.shift(), model.shift())
    assert.equal(fifo.length, model.length)
    assert.equal(fifo.first, model[0])
  }
  assert.ok(model.length === 0)
})

test('puts another in the place of the first', () => {
  const fifo = new Fifo<string>()
  for (const item of ['a', 'b']) fifo.push(item)
  fifo.replaceFirst('c')
  assert.deepEqual([fifo.shift(), fifo.shift(), fifo.shift()], ['c', 'b', undefined])
})
