/** Every file in config/ is valid without a warning, and sends events where its comments say. */
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Collector } from '../../src/collector/collector.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config, Registry } from '../../src/config/model.ts'
import { createLog } from '../../src/log.ts'
import {
  type AnyOutputDefinition,
  defineChunkedOutput,
  type InputContext,
} from '../../src/pipeline/component.ts'
import { DELIVERED } from '../../src/pipeline/delivery/chunk.ts'
import { registry } from '../../src/registry.ts'
import { logboom } from '../cli/program.ts'
import { until } from '../support/wait.ts'

const folder = join(import.meta.dirname, '../../config')
const env = { LOGBOOM_EDGE_PASSWORD: 'for the test', LOGBOOM_HTTP_TOKEN: 'for the test' }

/** By file: which outputs take an event, by `input tag`. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'examples/buffer.yaml': { 'docker docker.web': ['archive', 'files'] },
  'default.yaml': {
    'docker docker.web': ['files'],
    'docker anything': ['files'],
    'gelf gelf': ['files'],
    'syslog syslog.daemon.info': ['files'],
  },
  'stdin.yaml': { 'stdin stdin': ['files'] },
  'examples/docker-files.yaml': { 'containers docker.web': ['files'] },
  'examples/docker.yaml': { 'docker docker.web': ['files'], 'docker other': [] },
  'examples/elasticsearch.yaml': { 'docker docker.web': ['files', 'search'] },
  'examples/filters.yaml': { 'docker docker.web': ['files'], 'docker other': ['files'] },
  'examples/formats.yaml': { 'docker docker.web': ['fluentd', 'plain', 'table'] },
  'examples/forward-on.yaml': { 'docker docker.web': ['central', 'files'] },
  'examples/gelf.yaml': { 'gelf docker.web': ['files'], 'gelf gelf': ['files'] },
  'examples/http.yaml': { 'programs app.web': ['files'], 'pages pages.app': ['files'] },
  'examples/modify.yaml': { 'docker docker.web': ['files'], 'docker other': ['files'] },
  'examples/multiline.yaml': { 'docker docker.web': ['files'], 'docker app.db': ['files'] },
  'examples/opensearch.yaml': { 'docker docker.web': ['search'] },
  'examples/parse.yaml': { 'docker docker.web': ['files'], 'docker docker.nginx': ['files'] },
  'examples/lines.yaml': { 'tcp lines.tcp': ['files'], 'udp lines.udp': ['files'] },
  'examples/pipe.yaml': { 'app app': ['files'] },
  'examples/rotation.yaml': { 'docker docker.web': ['files'] },
  'examples/stdout.yaml': { 'docker docker.web': ['terminal'] },
  'examples/tail-multiline.yaml': {
    'orders app.web': ['files'],
    'containers docker.web': ['files'],
    'system system.syslog': ['files'],
  },
  'examples/tail.yaml': { 'apps app.web': ['files'], 'apps other': [] },
  'examples/syslog.yaml': { 'syslog syslog.web1': ['files'] },
  'examples/throttle.yaml': { 'docker docker.web': ['files'], 'docker other': ['files'] },
  'examples/tls-shared-key.yaml': { 'senders app.log': ['files'] },
  'examples/routing-labels.yaml': {
    'docker docker.healthcheck': ['nowhere'],
    'docker docker.nginx': ['everything', 'web'],
    'docker docker.apache2': ['everything', 'web'],
    'docker docker.sudo.tty': ['audit', 'everything'],
    'docker docker.db': ['everything'],
    'docker other': ['everything'],
    'audit docker.healthcheck': ['audit'],
  },
}

test('every example has its routes written down here', () => {
  const files = globSync('{*.yaml,examples/*.yaml}', { cwd: folder })
  const configs = files.filter((file) => !file.endsWith('.test.yaml')).sort()
  assert.deepEqual(configs, Object.keys(ROUTES).sort())
})

test('the tests beside the examples pass, and each has one', async () => {
  const tests = Object.keys(ROUTES).map((file) =>
    join(folder, file.replace(/\.yaml$/, '.test.yaml')),
  )
  const { code, stdout, stderr } = await logboom(['test', ...tests])
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /^\d+ passed, 0 failed$/m)
})

test('the token of the http example is that of the environment', () => {
  const { inputs } = load('examples/http.yaml')
  assert.deepEqual(inputs['programs']?.options['tokens'], [env.LOGBOOM_HTTP_TOKEN])
})

for (const [file, routes] of Object.entries(ROUTES)) {
  test(`config/${file}`, async (t) => {
    const config = load(file)
    const data_dir = mkdtempSync(join(tmpdir(), 'logboom-example-'))
    t.after(() => rmSync(data_dir, { recursive: true }))
    const taken: string[] = []
    const inputs = new Map<string, InputContext>()
    const collector = new Collector(
      { ...config, data_dir, http: { ...config.http, enabled: false } },
      {
        configPath: null,
        logger: await createLog({ level: 'error', format: 'json' }),
        registry: recording(inputs, taken),
      },
    )
    await collector.start()
    for (const [event, expected] of Object.entries(routes)) {
      const [name = '', tag = ''] = event.split(' ')
      taken.length = 0
      await inputs.get(name)?.deliver({ tag, entries: ENTRY, count: 1 })
      // One behind a buffer has it a moment later.
      await until('they have it', () => taken.length >= expected.length)
      assert.deepEqual(taken.sort(), expected, event)
    }
    await collector.stop(AbortSignal.timeout(1000))
  })
}

/** Time 1 and an empty record. */
const ENTRY = new Uint8Array([0x92, 0xd7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x80])

function load(file: string): Config {
  const text = readFileSync(join(folder, file), 'utf8')
  const withoutFiles = text.replaceAll(/\$\{file:[^}]*\}/g, 'for the test')
  const from = { name: file, text: withoutFiles }
  const { config, diagnostics } = loadConfig({ registry, env, from })
  assert.deepEqual(diagnostics, [])
  assert.ok(config)
  return config
}

/** Inputs that open nothing and outputs that only note that they were asked. */
function recording(inputs: Map<string, InputContext>, taken: string[]): Registry {
  const idle = { start: async () => {}, stop: async () => {} }
  return {
    inputs: registry.inputs.map((definition) => ({
      ...definition,
      create: (_config: unknown, context: InputContext) => {
        inputs.set(context.name, context)
        return { ...idle, addresses: [] }
      },
    })),
    filters: registry.filters.map((definition) => ({
      ...definition,
      create: () => ({ ...idle, problem: null, process: (batch) => batch }),
    })),
    outputs: registry.outputs.map((definition): AnyOutputDefinition => {
      const take = <Answer>(name: string, answer: Answer) => {
        taken.push(name)
        return Promise.resolve(answer)
      }
      if (definition.isChunked)
        return defineChunkedOutput({
          ...definition,
          create: (_config, { name }) => ({
            ...idle,
            problem: null,
            deliverChunk: () => take(name, DELIVERED),
          }),
        })
      return {
        ...definition,
        create: (_config, { name }) => ({
          ...idle,
          problem: null,
          deliver: () => take(name, 'delivered'),
        }),
      }
    }),
  }
}
