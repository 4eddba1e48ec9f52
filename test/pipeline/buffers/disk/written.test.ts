/** What was written is noted, so that the end of the newest segment is missed when it is lost. */
import assert from 'node:assert/strict'
import { cp, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { OutputBuffer } from '../../../../src/pipeline/buffers/output-buffer.ts'
import { Ledger } from '../../../../src/pipeline/ledger.ts'
import { MetricsRegistry } from '../../../../src/pipeline/metrics.ts'
import { ManualTime, metricValue } from '../../../drivers/context.ts'
import { until } from '../../../support/wait.ts'
import { DEFAULTS } from '../../delivery/rig.ts'
import {
  appendAll,
  create,
  eventsIn,
  numbered,
  open,
  segmentsIn,
  takeAll,
  temporaryFolder,
} from './disk-fixture.ts'

const NEVER = new AbortController().signal
const GONE = 'a part of a buffer is gone; what is left is kept'

/** What a kill leaves a second after some batches were written and none was delivered. */
async function killed(t: TestContext, fsync: 'always' | 'never' = 'always') {
  const [folder, copy] = [await temporaryFolder(t), await temporaryFolder(t)]
  const time = new ManualTime()
  const { store, access } = await open(folder, { timers: time, fsync })
  const batches = numbered(10)
  await appendAll(store, batches)
  const before = access.counts.rename
  time.advance(1000)
  // The look comes first, and then what it has put off.
  await until('it is due', () => (time.advance(100), access.counts.rename > before))
  await cp(folder, copy, { recursive: true })
  const steps = access.done.slice()
  await store.stop(NEVER)
  const path = join(copy, (await segmentsIn(copy)).at(-1)!)
  return { folder: copy, path, batches, steps }
}

describe('after a kill', () => {
  test('a cut segment is said to be, with file, place and number', async (t) => {
    const { folder, path, batches, steps } = await killed(t)
    assert.ok(steps.lastIndexOf('rename progress') > steps.indexOf('rename progress'))
    await truncate(path, (await stat(path)).size - 200)
    const { store, log } = await open(folder)
    const left = await takeAll(store)
    const { fields } = log.lines.find(({ message }) => message === GONE)!
    assert.equal(fields['events'], eventsIn(batches) - eventsIn(left))
    assert.match(String(fields['missing']), /\.segment from byte \d+ on$/)
    assert.equal(fields['batches'], `${left.length} to 9`)
    await store.stop(NEVER)
  })

  for (const fsync of ['always', 'never'] as const)
    test(`a segment that is missing is, too (fsync: ${fsync})`, async (t) => {
      const { folder, path, batches } = await killed(t, fsync)
      await rm(path)
      const { store, log } = await open(folder)
      const { fields } = log.lines.find(({ message }) => message === GONE)!
      assert.deepEqual([fields['events'], fields['batches']], [eventsIn(batches), '0 to 9'])
      await store.stop(NEVER)
      const again = await open(folder)
      assert.deepEqual(again.log.messages('error'), [])
      await again.store.stop(NEVER)
    })
})

test('what is lost to damage is counted as dropped, and shown', async (t) => {
  const { folder, path, batches } = await killed(t)
  await rm(path)
  const { store, log } = create(folder)
  const [ledger, registry, time] = [new Ledger(), new MetricsRegistry(), new ManualTime()]
  const nothing = () => Promise.resolve()
  const output = { problem: null, start: nothing, stop: nothing, deliver: () => never }
  const buffer = new OutputBuffer({
    ...{ name: 'out', output, store, ledger, logger: log, clock: time, timers: time },
    ...{ maxBytes: 1e9, whenFull: 'block', settings: DEFAULTS, random: () => 0 },
    deadLetters: { add: nothing },
    metrics: registry.scope('output_', {}),
  })
  await buffer.start()
  const events = eventsIn(batches)
  const { outputs, drop_reasons, total, balanced } = ledger.snapshot()
  assert.deepEqual([outputs['out']?.['dropped'], total['restored']], [events, events])
  assert.deepEqual([drop_reasons.pipeline, balanced], [{ buffer_damaged: events }, true])
  assert.equal(buffer.state.damaged, events)
  assert.equal(metricValue(registry, 'output_buffer_damaged_total'), events)
  await buffer.stop(NEVER)
})

const never = new Promise<never>(() => undefined)
