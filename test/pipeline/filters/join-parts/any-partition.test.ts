/** Whatever way the parts come: the joined lines are the original ones, each once. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { joinParts } from '../../../../src/pipeline/filters/join-parts/index.ts'
import { type FilterRun, runFilter } from '../../../drivers/run-filter.ts'
import { dockerLine, oldDockerLine } from '../../../support/docker-parts.ts'
import { batchOf } from '../../../support/entries.ts'

const PART_BYTES = 4
/** Also bounds the search for a smaller counterexample. */
const LIMIT = { interruptAfterTimeLimit: 5000 }

interface Stream {
  readonly container: string
  readonly source: string
  readonly isOld: boolean
  readonly lines: readonly string[]
}

/** What a stream's container sends, record by record. */
function recordsOf({ isOld, lines, ...stream }: Stream): object[] {
  return lines.flatMap((line, index) => {
    const text = Buffer.from(line)
    const options = { ...stream, size: PART_BYTES }
    return isOld ? oldDockerLine(text, options) : dockerLine(text, { ...options, id: `i${index}` })
  })
}

/** Takes records from the streams in turns that `turns` chooses, and cuts them into batches. */
function interleave(streams: readonly Stream[], turns: readonly number[]): object[][] {
  const queues = streams.map(recordsOf)
  const batches: object[][] = [[]]
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    const number = turns[turn % turns.length]!
    const waiting = queues.filter((queue) => queue.length > 0)
    batches.at(-1)!.push(waiting[number % waiting.length]!.shift()!)
    if (number % 3 === 0) batches.push([])
  }
  return batches.filter((records) => records.length > 0)
}

/** The texts that came out for a stream; those that were never cut are still bin. */
function linesOf(run: FilterRun, { container, source }: Stream): string[] {
  return run.records
    .filter((record) => record['container_id'] === container && record['source'] === source)
    .map((record) => Buffer.from(record['log'] as string | Uint8Array).toString())
}

// Texts differ, so that a line in the wrong place is noticed, and cannot look like a mark.
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '€', '😀'), maxLength: 12 })
const lines = fc.array(text, { maxLength: 4 })
const turns = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 })

function streamsOf(isOld: fc.Arbitrary<boolean>): fc.Arbitrary<readonly Stream[]> {
  const stream = (container: string, source: string) =>
    fc.record({ container: fc.constant(container), source: fc.constant(source), isOld, lines })
  return fc.tuple(stream('c1', 'stdout'), stream('c1', 'stderr'), stream('c2', 'stdout'))
}

test('any order among streams and any batches, one after the other or all at once', async () => {
  const check = async (streams: readonly Stream[], order: readonly number[], atOnce: boolean) => {
    const run = await runFilter(joinParts)
    const sending: Promise<unknown>[] = []
    for (const records of interleave(streams, order)) {
      sending.push(run.input.deliver(batchOf('docker', ...records)))
      if (!atOnce) await sending.at(-1)
    }
    await Promise.all(sending)
    for (const stream of streams) assert.deepEqual(linesOf(run, stream), stream.lines)
    assert.equal(run.ledger.snapshot().total['in_flight'], 0)
    await run.stop()
  }
  const streams = streamsOf(fc.boolean())
  await fc.assert(fc.asyncProperty(streams, turns, fc.boolean(), check), { numRuns: 100, ...LIMIT })
})

test('any answers of the output, the sender sending again what was not taken', async () => {
  const check = async (
    streams: readonly Stream[],
    order: readonly number[],
    refused: readonly boolean[],
  ) => {
    const outcomes = refused.map((isRefused) => (isRefused ? 'retry' : 'delivered'))
    const run = await runFilter(joinParts, '', { outcomes })
    for (const records of interleave(streams, order)) {
      const send = () => run.input.deliver(batchOf('docker', ...records))
      while ((await send()) === 'retry');
    }
    for (const stream of streams) assert.deepEqual(linesOf(run, stream), stream.lines)
    await run.stop()
  }
  const streams = streamsOf(fc.constant(false))
  const refused = fc.array(fc.boolean(), { maxLength: 10 })
  await fc.assert(fc.asyncProperty(streams, turns, refused, check), { numRuns: 60, ...LIMIT })
})

test('a kill at any place: each line at least once, and none that never was', async () => {
  const check = async (streams: readonly Stream[], order: readonly number[], at: number) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'logboom-kill-'))
    const killed = await runFilter(joinParts)
    let run: FilterRun | undefined
    const before = streams.map((): string[] => [])
    for (const [index, records] of interleave(streams, order).entries()) {
      if (index === at) {
        await copyJournal(killed.dataDir, dataDir)
        streams.forEach((stream, which) => before[which]!.push(...linesOf(killed, stream)))
        run = await runFilter(joinParts, '', { dataDir })
      }
      await (run ?? killed).input.deliver(batchOf('docker', ...records))
    }
    for (const [which, stream] of streams.entries()) {
      const got = [...before[which]!, ...linesOf(run ?? killed, stream)]
      assert.deepEqual(new Set(got), new Set(stream.lines))
    }
    await killed.stop()
    await run?.stop()
    await rm(dataDir, { recursive: true })
  }
  const streams = streamsOf(fc.constant(false))
  await fc.assert(fc.asyncProperty(streams, turns, fc.nat(10), check), { numRuns: 60, ...LIMIT })
})

/** Not copyFile: libuv's never ends when the file is truncated meanwhile, as the journal may be. */
async function copyJournal(from: string, to: string): Promise<void> {
  try {
    await writeFile(join(to, 'parts.journal'), await readFile(join(from, 'parts.journal')))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
  }
}
