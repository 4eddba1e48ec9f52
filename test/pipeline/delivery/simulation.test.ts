/**
 * The delivery engine against a world that misbehaves, a new one for each seed, checked at every
 * step. A failure prints its seed; LOGBOOM_SIMULATION_SEED plays that one again, and with
 * LOGBOOM_SIMULATION_SECONDS it goes on for longer.
 */
import { test } from 'node:test'
import { type Totals, World } from './simulation/world.ts'

const ONE_SEED = process.env['LOGBOOM_SIMULATION_SEED']
const SECONDS = Number(process.env['LOGBOOM_SIMULATION_SECONDS'] ?? 5)
const FIRST_SEED = Date.now() % 0x3fff_ffff

async function play(seed: number): Promise<Totals> {
  try {
    return await new World(seed).play()
  } catch (cause) {
    throw new Error(`LOGBOOM_SIMULATION_SEED=${seed}: ${(cause as Error).message}`, { cause })
  }
}

function add(sums: Map<string, number>, totals: Totals): void {
  for (const [name, value] of Object.entries(totals) as [string, number][])
    sums.set(name, (sums.get(name) ?? 0) + value)
}

test('whatever happens, every event comes to its end', async (context) => {
  if (ONE_SEED !== undefined) {
    context.diagnostic(JSON.stringify(await play(Number(ONE_SEED))))
    return
  }
  const endMs = performance.now() + SECONDS * 1000
  const sums = new Map<string, number>()
  let seed = FIRST_SEED
  for (; performance.now() < endMs; seed++) add(sums, await play(seed))
  context.diagnostic(
    `seeds ${FIRST_SEED} to ${seed - 1}: ${JSON.stringify(Object.fromEntries(sums))}`,
  )
})
