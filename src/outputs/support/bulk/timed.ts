/** Runs something that ends with a signal: the caller's, or that of its time. */
import type { Timers } from '../../../pipeline/clock.ts'
import { TransportError } from './transport.ts'

export async function withinTime<Result>(
  {
    timers,
    timeoutMs,
    signal,
  }: {
    readonly timers: Timers
    readonly timeoutMs: number
    readonly signal: AbortSignal
  },
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController()
  const onAbort = () => controller.abort()
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  let isTimeout = false
  const cancel = timers.after(timeoutMs, () => {
    isTimeout = true
    controller.abort()
  })
  try {
    return await run(controller.signal)
  } catch (cause) {
    if (isTimeout) throw new TransportError('timeout', `no answer within ${timeoutMs} ms`, cause)
    if (signal.aborted) throw new TransportError('aborted', 'it is not waited for any more', cause)
    throw cause
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}
