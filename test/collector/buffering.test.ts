/** How many chunks an output is given at a time, by its configuration and by its own habit. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createBuffer } from '../../src/collector/buffering.ts'
import { type BufferedConfig, outputCommonSchema } from '../../src/config/buffer-schema.ts'
import { withDefaults } from '../../src/config/defaults.ts'
import type { ChunkedOutput } from '../../src/pipeline/component.ts'
import type { ChunkAnswer, DeliveryHabit } from '../../src/pipeline/delivery/chunk.ts'
import { Ledger } from '../../src/pipeline/ledger.ts'
import { fileAccess } from '../../src/pipeline/files/file-access.ts'
import { testContext } from '../drivers/context.ts'
import { batchOf } from '../support/entries.ts'

/** How many full chunks of one tag are on their way while none is answered. */
async function inFlight(delivery: object, habit?: DeliveryHabit): Promise<number> {
  let count = 0
  const output: ChunkedOutput = {
    ...(habit && { habit }),
    problem: null,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    deliverChunk: () => {
      count++
      return new Promise<ChunkAnswer>(() => undefined)
    },
  }
  const given = { buffer: { type: 'memory', chunk: { max_events: 1 } }, delivery }
  const ledger = new Ledger()
  const buffer = createBuffer({
    config: withDefaults(outputCommonSchema, given) as BufferedConfig,
    ...{ output, ledger, context: testContext(), files: fileAccess },
    dataDir: join(tmpdir(), 'logboom-test-without-data-dir'),
    deadLetters: { add: () => Promise.resolve() },
  })!
  await buffer.start()
  for (let event = 0; event < 10; event++) void buffer.deliver(batchOf('a', {}), ledger.tag('a'))
  await new Promise(setImmediate)
  await buffer.stop(AbortSignal.abort())
  return count
}

const MANY: DeliveryHabit = { concurrency: 4, isOrdered: false, gatherMs: 200 }

test('one chunk at a time is usual, and those of one tag in order', async () => {
  assert.equal(await inFlight({}), 1)
  assert.equal(await inFlight({ concurrency: 3 }), 1)
  assert.equal(await inFlight({ concurrency: 3, ordered: false }), 3)
})

test('an output may have another habit, and the configuration the last word', async () => {
  assert.equal(await inFlight({}, MANY), 4)
  assert.equal(await inFlight({ concurrency: 2 }, MANY), 2)
  assert.equal(await inFlight({ ordered: true }, MANY), 1)
})
