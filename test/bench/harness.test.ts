/** The benchmark's harness with few records: no time is asserted, only that it verifies. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { measureGroup } from '../../bench/measure/bench.ts'
import { scenarios, type Scenario } from '../../bench/scenarios.ts'
import { floor } from '../../bench/subjects/floor.ts'
import { logboom } from '../../bench/subjects/logboom.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const RECORDS = 1200
const NAMES = [
  'message',
  'forward',
  'packed',
  'packed-gzip',
  'http-ndjson',
  'tcp-lines',
  'tail-docker',
  'gelf-tcp',
  'request-ack-1',
  'elasticsearch',
  'elasticsearch-gzip',
  'elasticsearch-disk',
]

describe('benchmark harness', { concurrency: 2 }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logboom-bench-test-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const name of NAMES) {
    it(`finds all records of ${name} in the output`, async () => {
      const subjects = name === 'message' ? [floor, logboom(MAIN)] : [logboom(MAIN)]
      const own = await mkdtemp(join(folder, 'scenario-'))
      const group = { scenarios: [small(name)], subjects, runs: 1, folder: own }
      const [result] = await measureGroup(group)
      assert.equal(result!.subjects.length, subjects.length)
      for (const { faults, outOfOrder, runs } of result!.subjects) {
        assert.deepEqual({ faults, outOfOrder, runs: runs.length }, { ...FINE, runs: 1 })
      }
      const trips = result!.subjects[0]!.runs[0]!.roundTrips
      assert.equal(trips !== null, name === 'request-ack-1')
    })
  }
})

const FINE = { faults: [], outOfOrder: 0 }

function small(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name)
  assert.ok(scenario, name)
  return { ...scenario, traffic: { ...scenario.traffic, records: RECORDS } }
}
