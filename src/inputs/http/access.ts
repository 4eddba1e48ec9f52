/** Who may send: bearer tokens (RFC 6750), and web pages by their origin (Fetch standard, CORS). */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { compileRegexp, type Regexp } from '../../codecs/regexp/regexp.ts'
import { HttpError } from '../support/http-error.ts'
import type { HttpConfig } from './schema.ts'

/** Seconds for which a browser may remember a preflight. */
const PREFLIGHT_MAX_AGE = 600

export class Access {
  readonly #tokenHashes: readonly Buffer[] | null
  readonly #origins: readonly Regexp[]
  readonly #allowsAll: boolean
  readonly #allowsCredentials: boolean

  constructor(config: HttpConfig) {
    const { tokens, cors_allow_origins, cors_allow_credentials } = config
    this.#tokenHashes = tokens ? tokens.map(hashOf) : null
    this.#origins = cors_allow_origins.map(originPattern)
    this.#allowsAll = cors_allow_origins.includes('*')
    this.#allowsCredentials = cors_allow_credentials
  }

  /** Throws an HttpError for a request without one of the tokens. */
  checkToken({ headers }: FastifyRequest): void {
    if (this.#tokenHashes === null) return
    const token = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
    // All are looked at, and hashes compared, so that the time it takes tells nothing.
    const hash = hashOf(token ?? '')
    let isKnown = false
    for (const known of this.#tokenHashes) if (timingSafeEqual(known, hash)) isKnown = true
    if (isKnown && token !== undefined) return
    const trouble = token === undefined ? 'it has no token' : 'its token is not known'
    const message = `cannot take the request: ${trouble}; expected Authorization: Bearer TOKEN`
    const answerHeaders = { 'www-authenticate': 'Bearer' }
    throw new HttpError(401, message, { reason: 'unauthorized', headers: answerHeaders })
  }

  /** Throws an HttpError for a web page that may not send; others get the headers they need. */
  checkOrigin({ headers }: FastifyRequest, reply: FastifyReply): void {
    const { origin } = headers
    if (origin === undefined) return
    if (!this.#origins.some((pattern) => pattern.test(origin))) {
      const shown = JSON.stringify(origin.slice(0, 256))
      const message = `cannot take the request of a web page of ${shown}; expected an origin of`
      const details = { reason: 'origin_not_allowed' }
      throw new HttpError(403, `${message} cors_allow_origins`, details)
    }
    reply.header('access-control-allow-origin', this.#allowsAll ? '*' : origin)
    if (!this.#allowsAll) reply.header('vary', 'Origin')
    if (this.#allowsCredentials) reply.header('access-control-allow-credentials', 'true')
  }

  /** Answers what a browser asks before it sends. */
  preflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    this.checkOrigin(request, reply)
    const wanted = request.headers['access-control-request-headers']
    if (wanted !== undefined) reply.header('access-control-allow-headers', wanted)
    reply.header('access-control-allow-methods', 'POST')
    reply.header('access-control-max-age', String(PREFLIGHT_MAX_AGE))
    return reply.code(204).send()
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** `*` stands for any part of an origin, but for no slash. */
function originPattern(text: string): Regexp {
  const parts = text.split('*').map((part) => part.replaceAll(/[^\w]/g, '\\$&'))
  return compileRegexp(`^${parts.join(text === '*' ? '.*' : '[^/]*')}$`, 'i')
}
