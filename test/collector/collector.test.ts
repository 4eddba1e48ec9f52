/** The wiring: what a filter has for itself, and what the collector says of it. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Collector } from '../../src/collector/collector.ts'
import type { Config, FilterStep, Registry } from '../../src/config/model.ts'
import { Type } from '../../src/config/type.ts'
import { createLog } from '../../src/log.ts'
import { defineFilter, type Filter } from '../../src/pipeline/component.ts'
import { joinParts } from '../../src/pipeline/filters/join-parts/index.ts'

const JOIN_OPTIONS = { timeout: '5s', joined_max: '1MiB', memory_max: '1MiB', fsync: false }

test('the folder of a filter has a name that is short, plain and its own', async (t) => {
  const long = `{${'docker.a,'.repeat(50)}docker.b}`
  const patterns = ['docker.**', 'docker.*', 'Docker.**', 'docker.**', '/../x/', long]
  const steps = patterns.map((filter) => ({ filter, type: 'join_parts', options: JOIN_OPTIONS }))
  const { collector, dataDir } = await collectorOf(t, steps, [joinParts])
  await collector.start()
  const names = readdirSync(join(dataDir, 'filters'))
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, patterns.length)
  for (const name of names) {
    assert.match(name, /^[\w.-]{1,100}$/)
    assert.ok(name.startsWith('join_parts-'))
  }
})

test('a filter that holds its sources back makes the collector not ready', async (t) => {
  const filter = { ...passing(), problem: 'the disk is gone' as string | null }
  const definition = defineFilter({
    type: 'fake',
    summary: 'Is for the test.',
    configSchema: Type.Object({}),
    create: () => filter,
  })
  const steps = [{ filter: '**', type: 'fake', options: {} }]
  const { collector } = await collectorOf(t, steps, [definition])
  await collector.start()
  const get = (path: string) => fetch(`${collector.addresses.http}${path}`)
  const refused = await get('/readyz')
  assert.equal(refused.status, 503)
  assert.deepEqual(await refused.json(), {
    ready: false,
    reasons: ['filter fake: the disk is gone'],
  })
  assert.match(await (await get('/')).text(), /the disk is gone/)
  filter.problem = null
  assert.equal((await get('/readyz')).status, 200)
})

function passing(): Filter {
  const idle = async () => undefined
  return { problem: null, start: idle, stop: idle, process: (batch) => batch }
}

async function collectorOf(
  t: TestContext,
  pipeline: readonly FilterStep[],
  filters: Registry['filters'],
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'logboom-collector-'))
  const config: Config = {
    data_dir: dataDir,
    http: { enabled: true, listen: 'tcp://127.0.0.1:0' },
    log: { level: 'error', format: 'json' },
    stop_timeout: '1s',
    dead_letters: { max_bytes: '256MiB', max_age: '30d' },
    memory_max: '256MiB',
    inputs: {},
    outputs: {},
    pipeline,
    labels: {},
  }
  const logger = await createLog(config.log)
  const registry = { inputs: [], outputs: [], filters }
  const collector = new Collector(config, { logger, configPath: null, registry })
  t.after(async () => {
    await collector.stop(AbortSignal.timeout(1000))
    rmSync(dataDir, { recursive: true })
  })
  return { collector, dataDir }
}
