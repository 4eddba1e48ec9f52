/** Waiting for work that a stop may have to leave behind. */

/** Settles with the work or at the deadline, whichever is first; leaves no listener behind. */
export async function untilDeadline(deadline: AbortSignal, work: Promise<unknown>): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>()
  const expire = () => resolve()
  if (deadline.aborted) expire()
  else deadline.addEventListener('abort', expire, { once: true })
  try {
    await Promise.race([work, expired])
  } finally {
    deadline.removeEventListener('abort', expire)
  }
}
