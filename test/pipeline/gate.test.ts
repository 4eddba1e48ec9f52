/** What waits at a closed gate goes in later, in its order, to the pipeline that is there then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../src/pipeline/batch.ts'
import { Gate, GatedPort } from '../../src/pipeline/gate.ts'
import type { InputPort } from '../../src/pipeline/pipeline.ts'
import { batchOf } from '../support/entries.ts'

function pipelineThat(seen: string[], name: string): InputPort {
  return {
    deliver: ({ tag }) => {
      seen.push(`${name} ${tag}`)
      return Promise.resolve<Outcome>('delivered')
    },
    drop: (tag) => seen.push(`${name} drops ${tag}`),
    lose: (tag) => seen.push(`${name} loses ${tag}`),
    closed: () => seen.push(`${name} closed`),
  }
}

test('an open gate is not noticed', async () => {
  const seen: string[] = []
  const port = new GatedPort(new Gate(), pipelineThat(seen, 'old'))
  assert.equal(await port.deliver(batchOf('a', {})), 'delivered')
  port.closed({})
  assert.deepEqual(seen, ['old a', 'old closed'])
})

test('behind a closed gate all waits in its order, ends of connections too', async () => {
  const seen: string[] = []
  const gate = new Gate()
  const [one, other] = [0, 1].map(() => new GatedPort(gate, pipelineThat(seen, 'old')))
  gate.close()
  gate.close()
  let settled = 0
  const outcomes = [one!.deliver(batchOf('a', {})), other!.deliver(batchOf('b', {}))]
  for (const outcome of outcomes) void outcome.then(() => settled++)
  one!.closed({})
  void one!.deliver(batchOf('c', {}))
  await Promise.resolve()
  assert.deepEqual([seen, settled], [[], 0])
  one!.leadTo(pipelineThat(seen, 'new'))
  gate.open()
  assert.deepEqual(seen, ['new a', 'old b', 'new closed', 'new c'])
  assert.deepEqual(await Promise.all(outcomes), ['delivered', 'delivered'])
  gate.open()
  void one!.deliver(batchOf('d', {}))
  assert.deepEqual(seen.slice(4), ['new d'])
})

test('what is let in may send more, which comes behind all that has waited', () => {
  const seen: string[] = []
  const gate = new Gate()
  const pipeline = pipelineThat(seen, 'new')
  const port = new GatedPort(gate, {
    ...pipeline,
    deliver: (batch) => {
      if (batch.tag === 'a') void port.deliver(batchOf('more', {}))
      return pipeline.deliver(batch)
    },
  })
  gate.close()
  void port.deliver(batchOf('a', {}))
  void port.deliver(batchOf('b', {}))
  gate.open()
  assert.deepEqual(seen, ['new a', 'new b', 'new more'])
})

test('counts of what is lost wait for nothing', () => {
  const seen: string[] = []
  const gate = new Gate()
  const port = new GatedPort(gate, pipelineThat(seen, 'old'))
  gate.close()
  port.drop('a', 1, 'why')
  port.lose('b', 1, 'why')
  assert.deepEqual(seen, ['old drops a', 'old loses b'])
})
