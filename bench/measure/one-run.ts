/**
 * One run: starts a subject, lets the sender connect, says go, waits until everything is written,
 * reads what that has cost, and only then verifies the output.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import type { Scenario } from '../scenarios.ts'
import { SubjectProcess, type Launch, type Place, type Subject } from '../subjects/subject.ts'
import type { Prepared } from '../traffic/prepare.ts'
import { verify } from '../verify/verify.ts'
import { cpuMsBetween, memoryOfTree, readCpu, type CpuReading } from './process-tree.ts'
import { type SenderKind, SenderProcess, type RoundTrips } from './sender-process.ts'

export interface Run {
  readonly cpuMs: number
  readonly wallMs: number
  readonly peakBytes: number
  readonly roundTrips: RoundTrips | null
  /** What the verification found to be wrong. */
  readonly faults: readonly string[]
  readonly outOfOrder: number
}

/** What starting has left to do (compiling, accepting) ends before the measurement begins. */
const SETTLE_MS = 250
/** The output has to stay the same so long before it is counted. */
const QUIET_MS = 100
/** Without any progress for so long, a run has failed. */
const STUCK_MS = 60_000
/** Looking may take at most one part in so many of the time. */
const LOOKING_SHARE = 20

export async function runOnce(
  subject: Subject,
  scenario: Scenario,
  prepared: Prepared,
  folder: string,
): Promise<Run> {
  const place = { folder, output: join(folder, 'output'), port: await freePort() }
  await rm(folder, { recursive: true, force: true })
  await mkdir(place.output, { recursive: true })
  try {
    const figures = await measure(subject, scenario, prepared, place)
    const expectation = subject.expectation(scenario, prepared)
    if (!expectation) return { ...figures, faults: [], outOfOrder: 0 }
    const { faults, outOfOrder } = await verify(place.output, expectation)
    return { ...figures, faults, outOfOrder }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Figures = Omit<Run, 'faults' | 'outOfOrder'>

async function measure(
  subject: Subject,
  scenario: Scenario,
  prepared: Prepared,
  place: Place,
): Promise<Figures> {
  const launch = await subject.launch(scenario, place, prepared)
  await using beside = new AsyncDisposableStack()
  beside.use(launch.beside)
  await using process = await SubjectProcess.start(subject.name, launch, place)
  const { file, segments, frameBytes } = prepared
  await using sender = await SenderProcess.start(senderKind(scenario, launch), {
    file,
    segments,
    frameBytes,
    port: place.port,
    ...(launch.followed === undefined ? {} : { followed: launch.followed }),
  })
  await sleep(SETTLE_MS)
  const startCpu = readCpu(process.pid)
  const startedMs = Date.now()
  sender.go()
  const end = await untilWritten(process, launch, sender).catch((cause: unknown) => {
    throw new Error(`cannot measure ${subject.name}; it said:\n${process.log}`, { cause })
  })
  const { peakBytes } = memoryOfTree(process.pid)
  const roundTrips = await sender.sent
  await sender[Symbol.asyncDispose]()
  await process.stop()
  const [cpuMs, wallMs] = [cpuMsBetween(startCpu, end.cpu), end.atMs - startedMs]
  return { cpuMs, wallMs, peakBytes, roundTrips }
}

function senderKind({ traffic, isUdp }: Scenario, { followed }: Launch): SenderKind {
  if (followed !== undefined) return 'file-sender'
  if (isUdp) return 'udp-sender'
  return traffic.mode === 'message-ack' ? 'ack-sender' : 'sender'
}

interface End {
  readonly cpu: CpuReading
  readonly atMs: number
}

/** CPU time and moment of the last progress, once everything is there. */
async function untilWritten(
  process: SubjectProcess,
  launch: Launch,
  sender: SenderProcess,
): Promise<End> {
  let last = { mark: -1, cpu: readCpu(process.pid), atMs: Date.now(), seenMs: Date.now() }
  for (;;) {
    const lookingSince = performance.now()
    const { mark, changedMs } = await launch.progress()
    const now = Date.now()
    if (mark !== last.mark) {
      last = { mark, cpu: readCpu(process.pid), atMs: changedMs ?? now, seenMs: now }
    } else if (sender.hasSent && now - last.seenMs >= QUIET_MS && (await launch.isDone())) {
      return last
    }
    if (!process.isAlive) throw new Error('it ended while it was measured')
    if (now - last.seenMs > STUCK_MS) throw new Error(`no progress for ${STUCK_MS} ms`)
    const tookMs = performance.now() - lookingSince
    await Promise.race([sleep(Math.max(launch.pollMs, tookMs * LOOKING_SHARE)), failureOf(sender)])
  }
}

/** Settles only if sending fails. */
async function failureOf(sender: SenderProcess): Promise<void> {
  await sender.sent
  await new Promise(() => undefined)
}
