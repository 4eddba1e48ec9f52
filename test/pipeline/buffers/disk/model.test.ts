/** Random lives of a store on a simulated disk: faults, kills, power cuts, damage. */
import { test } from 'node:test'
import { World } from './simulation/world.ts'

const SEED = Number(process.env['LOGBOOM_SEED'] ?? Date.now() % 1_000_000)
const RUNS = Number(process.env['LOGBOOM_RUNS'] ?? 1000)

test(`nothing is lost, doubled or invented (seeds from ${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++)
    try {
      await new World(seed).run()
    } catch (cause) {
      throw new Error(`with LOGBOOM_SEED=${seed} LOGBOOM_RUNS=1`, { cause })
    }
})
