/** Why a system call failed, in words instead of Node's `ENOENT: no such file …, open '…'`. */

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EADDRINUSE: 'address already in use by another process',
  EADDRNOTAVAIL: 'this machine has no such address',
  ECONNREFUSED: 'connection refused; nothing listens there',
  ECONNRESET: 'the peer closed the connection',
  ENOTFOUND: 'no such host',
  ETIMEDOUT: 'no answer in time',
}

export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return CAUSES[code] ?? error.message
}

/** An error's message, with its cause's own words instead of Node's where there are some. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error) return error.message.replace(cause.message, causeOf(cause))
  return causeOf(error)
}
