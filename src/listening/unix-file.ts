/** Files of unix sockets: clearing away what a killed process left, and the mode. */
import { chmodSync, lstatSync } from 'node:fs'
import { removeSocketLeftover } from '../pipeline/socket-leftover.ts'

/**
 * Removes the socket file at `path` if nobody listens on it any more. Throws if somebody does, or
 * if the file is something else than a socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) return
  if (!stats.isSocket()) throw cannotListen(path, 'a file that is no socket is there')
  if (!(await removeSocketLeftover(path))) throw cannotListen(path, 'another process listens there')
}

/** Sets who may connect. Called in the same turn as the bind, before anyone is let in. */
export function setSocketMode(path: string, mode: number): void {
  chmodSync(path, mode)
}

function cannotListen(path: string, cause: string): Error {
  return new Error(`cannot listen on unix://${path}: ${cause}; expected a path of its own`)
}
