/** Why a server did not take what it was sent. */

export interface ServerFault {
  /** What it is counted by. */
  readonly kind: ErrorKind
  readonly reason: string
  /** No event is to blame: somebody has to set the server or the configuration right. */
  readonly isHold?: boolean
}

export type ErrorKind = 'connect' | 'tls' | 'handshake' | 'protocol' | 'closed' | 'given_up'

export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly kind: ErrorKind
  readonly isHold: boolean

  constructor({ kind, reason, isHold = false }: ServerFault, cause?: unknown) {
    super(reason, { cause })
    this.kind = kind
    this.isHold = isHold
  }
}
