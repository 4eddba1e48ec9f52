/**
 * From one assembly to the next while events come in. What both have goes on: files stay open,
 * connections too. What goes is stopped in the direction of the flow once nothing is on its way
 * to it, and only then is what comes started, which may use the same address, path or folder.
 *
 *     inputs that go   gate closes   filters flush   outputs, filters   gate opens   inputs that
 *     are drained ───▶ events wait ─▶ all settles ──▶ go and come ─────▶ events ────▶ come listen
 *
 * Whatever fails, the caller goes back by a transition to the configuration before.
 */
import type { Assembly } from './assembly.ts'
import type { RootLogger } from '../log.ts'
import type { AnyPart, InputPart, OutputPart } from './parts.ts'
import { systemClock, systemTimers } from '../pipeline/clock.ts'
import type { Gate } from '../pipeline/gate.ts'
import type { Ledger } from '../pipeline/ledger.ts'

/** How often it is looked whether all has settled. */
const LOOK_EVERY_MS = 2
/** How long events are held back for what a buffer in memory has to deliver. */
const GRACE_MS = 2000

export interface TransitionOptions {
  readonly from: Assembly
  readonly to: Assembly
  readonly gate: Gate
  readonly ledger: Ledger
  readonly logger: RootLogger
  /** For each of its waits: draining inputs, settling, stopping. */
  readonly limitMs: number
  /** Aborted when all is to stop: what has not gone yet stays, and no input starts any more. */
  readonly stopping: AbortSignal
  /** Aborted when a stop may last no longer: nothing is waited for then. */
  readonly deadline: AbortSignal
  /** Called at the moment from which events go the new way. */
  readonly committed: () => void
}

/** Why a transition was given up, when it was not by a fault. */
export class StoppingError extends Error {
  constructor() {
    super('the collector is stopping')
  }
}

/**
 * Rejects when something cannot be stopped or started; the gate may be closed then. Rejects with a
 * `StoppingError`, and the gate open to the pipeline before, when a stop comes while it waits.
 */
export async function transit(options: TransitionOptions): Promise<void> {
  try {
    await exchange(options)
  } catch (error) {
    if (error instanceof StoppingError) options.gate.open()
    throw error
  }
}

async function exchange(options: TransitionOptions): Promise<void> {
  const { from, to, gate, committed, stopping } = options
  const isKept = keptBy(to)
  const going = {
    inputs: from.inputs.filter((part) => part.isRunning && !isKept(part)),
    filters: from.filters.filter((part) => part.isRunning && !isKept(part)),
    outputs: from.outputs.filter((part) => part.isRunning && !isKept(part)),
  }
  giveUpIfStopping(stopping)
  await stopAll(going.inputs, options)
  giveUpIfStopping(stopping)
  gate.close()
  if (going.filters.length + going.outputs.length > 0) {
    for (const { component } of going.filters) await unlessStopping(component.flush?.(), stopping)
    await untilSettled(options)
    await Promise.all(going.outputs.map((part) => untilOutOfMemory(part, options)))
    // From here on it is carried through, also for a stop: what waits at the gate has to go on.
    await stopAll(going.filters, options)
    await stopAll(going.outputs, options)
  }
  await startPipeline(to)
  to.pipeline.takeOver()
  for (const { name, port } of to.inputs) {
    port.leadTo(to.pipeline.forInput(name, to.config.inputs[name]?.label))
  }
  committed()
  gate.open()
  if (!stopping.aborted) await startInputs(to.inputs)
}

function giveUpIfStopping(stopping: AbortSignal): void {
  if (stopping.aborted) throw new StoppingError()
}

/** Settles with `work`; rejects as soon as all is to stop, and `work` goes on by itself. */
async function unlessStopping(work: Promise<void> | undefined, stopping: AbortSignal) {
  const stop = Promise.withResolvers<never>()
  const giveUp = () => stop.reject(new StoppingError())
  stopping.addEventListener('abort', giveUp)
  try {
    await Promise.race([work, stop.promise])
  } finally {
    stopping.removeEventListener('abort', giveUp)
  }
}

/** Starts what does not run yet, those that receive first; all of it or nothing. */
export async function startPipeline({ outputs, filters, pipeline }: Assembly): Promise<void> {
  const coming = [...filters, ...outputs].filter(({ isRunning }) => !isRunning)
  try {
    for (const part of outputs) await start(part)
    for (const part of filters) part.isRunning = true
    await pipeline.start()
  } catch (error) {
    // Nothing has come to them yet.
    await Promise.all(coming.map((part) => stop(part, AbortSignal.abort())))
    throw error
  }
}

export async function startInputs(inputs: readonly InputPart[]): Promise<void> {
  for (const part of inputs) await start(part)
}

async function start(part: AnyPart): Promise<void> {
  if (part.isRunning) return
  part.isRunning = true
  try {
    await part.component.start()
  } catch (error) {
    await stop(part, AbortSignal.abort())
    throw error
  }
}

async function stop(part: AnyPart, deadline: AbortSignal): Promise<void> {
  if (!part.isRunning) return
  part.isRunning = false
  await part.component.stop(deadline)
}

/** One that fails does not keep the others from finishing; it is as good as stopped. */
export async function stopAll(
  parts: readonly AnyPart[],
  { limitMs, logger, deadline }: Pick<TransitionOptions, 'limitMs' | 'logger' | 'deadline'>,
): Promise<void> {
  const limit = new AbortController()
  const cancel = systemTimers.after(limitMs, () => limit.abort())
  const either = AbortSignal.any([limit.signal, deadline])
  const stops = parts.map((part) => stop(part, either).catch(reportTo(logger, part)))
  await Promise.all(stops)
  cancel()
}

function reportTo(logger: RootLogger, { kind, name }: AnyPart) {
  return (error: unknown) =>
    logger.error({ [kind]: name, error }, `cannot stop an ${kind} in order`)
}

/** Until only filters that stay hold events, and buffers. */
async function untilSettled(options: TransitionOptions): Promise<void> {
  const { from, to, ledger, limitMs, stopping } = options
  const isKept = keptBy(to)
  const staying = from.filters.filter(isKept).map(({ name }) => ledger.filter(name))
  const buffers = from.outputs.filter(({ buffer }) => buffer !== undefined)
  const buffered = () => buffers.map(({ name }) => ledger.output(name).inFlight)
  const deadline = systemClock.monotonic() + limitMs
  for (;;) {
    const held = [...staying.map((counts) => counts.held), ...buffered()].reduce(add, 0)
    if (ledger.inFlight === held) return
    giveUpIfStopping(stopping)
    if (systemClock.monotonic() > deadline) {
      const events = ledger.inFlight - held
      throw new Error(
        `${events} events are still on their way after ${limitMs / 1000} s; ` +
          'expected them to be written, so that an output or filter can be exchanged',
      )
    }
    await pause()
  }
}

/**
 * What a buffer has in memory is delivered, a while and by an output that can: given back, it would
 * come again behind what waits at the gate, and in part twice.
 */
async function untilOutOfMemory({ buffer }: OutputPart, { stopping }: TransitionOptions) {
  if (!buffer) return
  const deadline = systemClock.monotonic() + GRACE_MS
  while (buffer.inMemory > 0 && !buffer.isFailing && systemClock.monotonic() < deadline) {
    giveUpIfStopping(stopping)
    await pause()
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => void systemTimers.after(LOOK_EVERY_MS, resolve))
}

function keptBy({ inputs, filters, outputs }: Assembly): (part: AnyPart) => boolean {
  const kept = new Set<AnyPart>([...inputs, ...filters, ...outputs])
  return (part) => kept.has(part)
}

function add(one: number, other: number): number {
  return one + other
}
