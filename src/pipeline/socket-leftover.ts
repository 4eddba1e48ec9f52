/** Files of unix sockets that a killed process has left behind. */
import { lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'

/**
 * Whether the file at `path` is a socket on which nobody listens, so that it may be removed. Only a
 * refused connection proves that: a full backlog or a missing permission comes from a live one.
 * What is no socket refuses connections as well, and is nobody's leftover.
 */
export function isSocketLeftover(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return Promise.resolve(false)
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}

/** Clears it away, if it is one; false if not: then listening there says what is in the way. */
export async function removeSocketLeftover(path: string): Promise<boolean> {
  if (!(await isSocketLeftover(path))) return false
  unlinkSync(path)
  return true
}
