import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from '../../../src/pipeline/ledger.ts'
import { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { Taps } from '../../../src/pipeline/taps/taps.ts'
import { ManualTime, testContext } from '../../drivers/context.ts'
import { batchOf } from '../../support/entries.ts'

const idle = { problem: null, start: async () => {}, stop: async () => {} }

test('each point of a pipeline is seen, in the order of the flow', async () => {
  const taps = new Taps(new ManualTime())
  const { logger } = testContext({ name: 'test' })
  const output = { ...idle, deliver: () => Promise.resolve('delivered' as const) }
  const pipeline = new Pipeline({
    steps: [
      {
        kind: 'filter',
        name: 'retag',
        matches: () => true,
        create: () => ({ ...idle, process: (batch) => ({ ...batch, tag: 'new' }) }),
      },
      {
        kind: 'filter',
        name: 'same',
        matches: () => true,
        create: () => ({ ...idle, process: (batch) => batch }),
      },
      { kind: 'match', matches: () => true, outputs: [{ name: 'files', output }], labels: [] },
    ],
    labels: {},
    ledger: new Ledger(),
    logger,
    taps,
  })
  const seen: string[] = []
  for (const point of ['input', 'before', 'after', 'output'])
    taps.open({
      matches: () => true,
      point,
      eventsPerSecond: 10,
      take: (line) => {
        const { point: at, event } = JSON.parse(line) as { point: string; event: { tag: string } }
        seen.push(`${at} ${event.tag}`)
        return true
      },
    })
  await pipeline.forInput('docker').deliver(batchOf('old', { n: 1 }))
  assert.deepEqual(seen, [
    'input:docker old',
    'before:retag old',
    'after:retag new',
    'before:same new',
    'after:same new',
    'output:files new',
  ])
})
