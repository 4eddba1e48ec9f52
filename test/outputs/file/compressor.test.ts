/** The compressor's hold on its worker; what the worker does is in keep.test.ts. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { fileMetrics } from '../../../src/outputs/file/metrics.ts'
import { nodeFileSystem } from '../../../src/outputs/file/file-system.ts'
import type { CompressJob } from '../../../src/outputs/file/rotated/compress-worker.ts'
import { Compressor } from '../../../src/outputs/file/rotated/compressor.ts'
import type { FileSettings } from '../../../src/outputs/file/settings.ts'
import { ManualTime, testContext } from '../../drivers/context.ts'

class FakeWorker extends EventEmitter {
  readonly jobs: string[] = []
  postMessage = (job: CompressJob) => void this.jobs.push(job.path)
  terminate = () => Promise.resolve(0)
}

function compressor() {
  const time = new ManualTime()
  const context = testContext({ clock: time, timers: time })
  const { logger, clock, timers } = context
  const metrics = fileMetrics(context.metrics)
  const workers: FakeWorker[] = []
  const settings = { compression: 'gzip' } as Partial<FileSettings> as FileSettings
  const tested = new Compressor(
    settings,
    { fileSystem: nodeFileSystem, clock, timers, logger, metrics },
    () => {
      const worker = new FakeWorker()
      workers.push(worker)
      return worker as unknown as Worker
    },
  )
  return { tested, workers, time, logger }
}

test('a worker that was ended says nothing about what its successor does', () => {
  const { tested, workers, time, logger } = compressor()
  tested.add('/a')
  workers[0]!.emit('message', { path: '/a', outcome: 'compressed' })
  time.advance(10_000)
  tested.add('/b')
  tested.add('/c')
  workers[0]!.emit('error', new Error('late'))
  assert.ok(tested.isWriting('/b.gz.tmp'))
  assert.deepEqual(
    workers.map(({ jobs }) => jobs),
    [['/a'], ['/b']],
  )
  assert.deepEqual(logger.messages(), [])
  workers[1]!.emit('message', { path: '/b', outcome: 'compressed' })
  assert.deepEqual(workers[1]!.jobs, ['/b', '/c'])
})

test('a worker that fails is replaced by another for the next file', () => {
  const { tested, workers, logger } = compressor()
  tested.add('/a')
  tested.add('/b')
  workers[0]!.emit('error', new Error('out of memory'))
  assert.deepEqual(workers[1]!.jobs, ['/b'])
  assert.match(logger.messages('warn').join(), /cannot compress/)
})
