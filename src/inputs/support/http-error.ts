/** What an HTTP request is answered instead of what it asked for. */

export interface HttpErrorDetails {
  /** Word for the `errors_total` metric: `too_large`, `unauthorized`. */
  readonly reason: string
  /** Seconds after which the sender may try again. */
  readonly retryAfter?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Goes into the answer beside `error` and `message`. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** `message` is for the sender: what cannot be done, where, and what was expected. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly details: HttpErrorDetails

  constructor(status: number, message: string, details: HttpErrorDetails) {
    super(message)
    this.status = status
    this.details = details
  }
}
