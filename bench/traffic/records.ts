/**
 * Records as Docker's fluentd log driver makes them: ids, name, source, log and labels, in the
 * random order in which Go walks a map. Each log begins with `CONNECTION/SEQUENCE `, by which the
 * verification tells whether a record is missing, doubled or out of order; in `json` it is inside.
 */
import { logLine } from './log-line.ts'
import { Random } from './random.ts'

export const SHAPES = ['100B', '300B', '16KiB', 'parts', 'json'] as const
export type Shape = (typeof SHAPES)[number]

export type Value = string | number

/** 2026-11-21T08:50:00Z */
const FIRST_SECONDS = 1_795_251_000
const STEP_MAX_NS = 100_000
const CONTAINER_COUNT = 256
const SERVICES = ['api', 'web', 'worker', 'postgres', 'redis', 'nginx', 'auth', 'mailer']

interface Container {
  readonly id: string
  readonly name: string
  readonly service: string
}

/** Makes one record after the other in place: what it holds is valid until `next`. */
export class Records {
  readonly names: string[] = []
  readonly values: Value[] = []
  seconds = FIRST_SECONDS
  nanoseconds = 0
  readonly #connection: number
  readonly #shape: Shape
  readonly #random: Random
  readonly #containers: readonly Container[]
  readonly #order: [string, Value][] = []
  #sequence = 0

  constructor(connection: number, shape: Shape, seed: number) {
    this.#connection = connection
    this.#shape = shape
    this.#random = new Random(seed * 65_537 + connection)
    this.#containers = containersOf(new Random(seed))
  }

  next(): void {
    const random = this.#random
    this.nanoseconds += 1 + random.below(STEP_MAX_NS)
    if (this.nanoseconds >= 1e9) {
      this.nanoseconds -= 1e9
      this.seconds++
    }
    const start = `${this.#connection}/${this.#sequence++} `
    const line = logLine(start, logBytes(this.#shape, random), random)
    const log = this.#shape === 'json' ? this.#asJson(line) : line
    this.#fill(this.#containers[random.below(this.#containers.length)]!, log)
  }

  /** RFC 3339 with nine digits. */
  get time(): string {
    const seconds = new Date(this.seconds * 1000).toISOString().slice(0, 19)
    return `${seconds}.${String(this.nanoseconds).padStart(9, '0')}Z`
  }

  value(name: string): Value {
    return this.values[this.names.indexOf(name)]!
  }

  /** As services print it. */
  #asJson(line: string): string {
    const random = this.#random
    const request = { method: 'GET', path: '/api/items', status: 200 + random.below(300) }
    const ms = random.below(1_000_000) / 1000
    return JSON.stringify({ time: this.time, level: 'info', msg: line, request, ms })
  }

  #fill(container: Container, log: string): void {
    const random = this.#random
    const source = random.below(8) === 0 ? 'stderr' : 'stdout'
    const order = this.#order
    order.length = 0
    if (this.#shape === '100B') {
      order.push(['container_id', container.id.slice(0, 12)])
      order.push(['container_name', container.name], ['source', source], ['log', log])
    } else {
      order.push(['container_id', container.id], ['container_name', container.name])
      order.push(['source', source], ['log', log])
      order.push(['service', container.service], ['attempt', random.below(70_000)])
    }
    random.shuffle(order)
    this.names.length = this.values.length = 0
    for (const [name, value] of order) {
      this.names.push(name)
      this.values.push(value)
    }
  }
}

/** Bytes of the log; `parts` has one in ten longer than the 16 KiB at which Docker cuts. */
function logBytes(shape: Shape, random: Random): number {
  if (shape === '100B') return 20 + random.below(30)
  if (shape === '16KiB') return 15_900 + random.below(484)
  if (shape === 'parts' && random.below(10) === 0) return 16_385 + random.below(24_000)
  return skewedBytes(random)
}

/** From 20 to 2,000: half below 56, one in twenty over 600, 131 on average. */
function skewedBytes(random: Random): number {
  const share = random.below(1_000_000) / 1_000_000
  return Math.floor(20 + 71 * share + 1910 * share ** 24)
}

function containersOf(random: Random): Container[] {
  return Array.from({ length: CONTAINER_COUNT }, () => {
    const service = SERVICES[random.below(SERVICES.length)]!
    return { id: random.hex(64), name: `/${service}-${random.below(100)}`, service }
  })
}
