/** Run as a process of its own: delivers batches to the real standard output until told to stop. */
import { stdout } from '../../src/outputs/stdout.ts'
import { testContext } from '../drivers/context.ts'
import { batchOf } from '../support/entries.ts'

const context = testContext()
const output = stdout.create({ format: 'auto' }, context)
await output.start()
process.on('message', (message) => {
  void answer(message as { stop?: boolean; log?: string; count?: number })
})
process.send?.({ ready: true })

async function answer({ stop, log, count = 1 }: { stop?: boolean; log?: string; count?: number }) {
  if (stop) {
    await output.stop(AbortSignal.timeout(5000))
    process.send?.({ stopped: true, errors: context.logger.messages('error') })
    process.disconnect()
    return
  }
  const records = Array.from({ length: count }, (_, index) => ({ index, log }))
  const outcome = await output.deliver(batchOf('app', ...records))
  process.send?.({ outcome, problem: output.problem })
}
