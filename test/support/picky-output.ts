/**
 * An output for processes in tests (`NODE_OPTIONS=--import`): it rejects what it is given as long
 * as there is a file `reject` in its folder, and else appends each `log` to `taken.log`.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { Type } from '../../src/config/type.ts'
import { outputs } from '../../src/outputs/index.ts'
import { type AnyOutputDefinition, defineChunkedOutput } from '../../src/pipeline/component.ts'
import { type Chunk, type ChunkAnswer, DELIVERED } from '../../src/pipeline/delivery/chunk.ts'
import { decodeRecords } from './entries.ts'

/** So that a chunk is on its way for a while. */
const CHUNK_MS = 5

const picky = defineChunkedOutput({
  type: 'picky',
  summary: 'Rejects all while there is a file that says so.',
  configSchema: Type.Object({}, { additionalProperties: false }),
  create: (_config, { timers }) => ({
    problem: null,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    deliverChunk: (chunk) =>
      new Promise((resolve) => {
        timers.after(CHUNK_MS, () => resolve(answerTo(chunk)))
      }),
  }),
})

function answerTo({ batches }: Chunk): ChunkAnswer {
  if (existsSync('reject')) {
    const all = ({ count }: { readonly count: number }, batch: number) => ({
      batch,
      first: 0,
      count,
    })
    const rejected = batches.map((of, batch) => ({ ...all(of, batch), reason: 'it is picky' }))
    return { kind: 'partly', rejected, reason: 'it is picky' }
  }
  const records = batches.flatMap(({ entries }) => decodeRecords(entries))
  appendFileSync('taken.log', records.map(({ log }) => `${String(log)}\n`).join(''))
  return DELIVERED
}

const all = outputs as AnyOutputDefinition[]
all.push(picky)
