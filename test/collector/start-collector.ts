/** A collector of fake components, from YAML, with its log kept. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Collector } from '../../src/collector/collector.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Registry } from '../../src/config/model.ts'
import { createLog } from '../../src/log.ts'

export interface StartOptions {
  readonly registry: Registry
  readonly dataDir: string
  /** What stands before each configuration. */
  readonly head: string
}

/** Stopped after the test. `reload` takes another configuration. */
export async function startCollector(t: TestContext, yaml: string, options: StartOptions) {
  const { registry, dataDir, head } = options
  const log: string[] = []
  const load = (text: string) => {
    const whole = `data_dir: ${dataDir}\n${head}\n${text}`
    const from = { text: whole, name: 'test.yaml' }
    const { config, diagnostics } = loadConfig({ from, registry, env: {} })
    assert.ok(config, JSON.stringify(diagnostics))
    return config
  }
  const destination = { write: (line: string) => void log.push(line) }
  const logger = await createLog({ level: 'warn', format: 'json', destination })
  const collector = new Collector(load(yaml), { logger, configPath: null, registry })
  const stop = async () => {
    await collector.stop(AbortSignal.timeout(1000))
    logger.flush()
  }
  t.after(stop)
  await collector.start()
  return { collector, log, stop, reload: (text: string) => collector.reload(load(text)) }
}
