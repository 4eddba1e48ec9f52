/** `GET /api/tap`: what passes a point of the pipeline, as a stream of JSON lines. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { systemTimers } from '../pipeline/clock.ts'
import { compileTagPattern, type TagPattern } from '../pipeline/tag-pattern.ts'
import {
  pointTrouble,
  TAP_RATE_DEFAULT,
  TAP_RATE_MAX,
  type TapNamed,
  type TapOptions,
  type Taps,
} from '../pipeline/taps/taps.ts'

export const TAP = '/api/tap'

/** How often it is said how much was not shown; a line without anything keeps idle ones open. */
const REPORT_EVERY_MS = 1000
/** Written and not read yet; beyond it events are not shown. */
const UNREAD_MAX_BYTES = 256 * 1024

const PARAMETERS = ['match', 'point', 'rate']

type Query = Readonly<Record<string, string | string[] | undefined>>

/** `there` is asked for what can be looked at. The result ends all streams. */
export function addTap(
  app: FastifyInstance,
  taps: Taps,
  there: () => readonly TapNamed[],
): () => void {
  const streams = new Set<() => void>()
  app.get(TAP, { exposeHeadRoute: false }, (request, reply) => {
    const asked = read(request.query as Query, there())
    if ('message' in asked) {
      reply.code(400).send({ error: 'Bad Request', message: `cannot GET ${TAP}: ${asked.message}` })
      return
    }
    const end = stream(reply, taps, asked)
    if (!end) {
      const message = `cannot GET ${TAP}: too many look already`
      reply.code(429).send({ error: 'Too Many Requests', message })
      return
    }
    streams.add(end)
    reply.raw.once('close', () => {
      streams.delete(end)
      end()
    })
  })
  return () => {
    for (const end of streams) end()
  }
}

type Asked = Omit<TapOptions, 'take'>

function read(query: Query, there: readonly TapNamed[]): Asked | { readonly message: string } {
  const unknown = Object.keys(query).find((name) => !PARAMETERS.includes(name))
  // A mistyped `match` would show everything.
  if (unknown !== undefined) {
    const message = `unknown parameter "${unknown}"; expected one of: ${PARAMETERS.join(', ')}`
    return { message }
  }
  const [match = '**', point = 'input', rate] = PARAMETERS.map((name) => {
    const value = query[name]
    return Array.isArray(value) ? value[0] : value
  })
  const trouble = pointTrouble(point, there)
  if (trouble !== undefined) return { message: trouble }
  const eventsPerSecond = rate === undefined ? TAP_RATE_DEFAULT : Number(rate)
  const isRate = Number.isInteger(eventsPerSecond) && eventsPerSecond > 0
  if (!isRate || eventsPerSecond > TAP_RATE_MAX)
    return { message: `cannot use rate "${rate}"; expected a whole number up to ${TAP_RATE_MAX}` }
  try {
    const matches: TagPattern = compileTagPattern(match)
    return { matches, point, eventsPerSecond }
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) }
  }
}

/** Null if there are too many. */
function stream(reply: FastifyReply, taps: Taps, asked: Asked): (() => void) | null {
  const { raw } = reply
  const take = (line: string) => {
    if (raw.writableLength > UNREAD_MAX_BYTES) return false
    raw.write(`${line}\n`)
    return true
  }
  const tap = taps.open({ ...asked, take })
  if (!tap) return null
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
  raw.flushHeaders()
  const report = () => {
    if (raw.writableLength > UNREAD_MAX_BYTES) return
    const missed = tap.takeMissed()
    raw.write(missed > 0 ? `{"missed":${missed}}\n` : '\n')
  }
  const cancel = systemTimers.every(REPORT_EVERY_MS, report)
  return () => {
    cancel()
    tap.close()
    raw.end()
  }
}
