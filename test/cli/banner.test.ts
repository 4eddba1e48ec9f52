import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bannerText } from '../../src/cli/banner.ts'
import { version } from '../../src/package.ts'
import type { Config } from '../../src/config/model.ts'

const config: Config = {
  data_dir: './data',
  http: { enabled: true, listen: 'tcp://127.0.0.1:24220' },
  log: { level: 'info', format: 'auto' },
  stop_timeout: '8s',
  dead_letters: { max_bytes: '256MiB', max_age: '30d' },
  memory_max: '256MiB',
  inputs: { docker: { type: 'forward', options: {} } },
  outputs: { files: { type: 'file', options: { path: './logs/${tag}.log' } } },
  pipeline: [{ match: '**', to: ['files'] }],
  labels: {},
}

test('says where to send, where to look and what to try', () => {
  const addresses = { docker: ['tcp://127.0.0.1:24224', 'udp://127.0.0.1:24224'] }
  const page = 'http://127.0.0.1:24220'
  assert.equal(
    bannerText({ config, configPath: null, addresses, page }),
    `logboom ${version()} is ready (built-in configuration, see: logboom config)
  listening  tcp://127.0.0.1:24224, udp://127.0.0.1:24224 (input docker)
  files      ./logs/\${tag}.log
  page       http://127.0.0.1:24220
  metrics    http://127.0.0.1:24220/metrics

Try it:
  docker run --rm --log-driver=fluentd --log-opt fluentd-address=127.0.0.1:24224 \
--log-opt tag=docker.{{.Name}} alpine echo hello
  tail -F ./logs/*.log
`,
  )
})

test('an input that listens nowhere', () => {
  const inputs = { app: { type: 'stdin', options: {} } }
  const ready = { config: { ...config, inputs }, configPath: 'a.yaml', page: null }
  const text = bannerText({ ...ready, addresses: { app: [] } })
  assert.match(text, /^ {2}reading {4}stdin \(input app\)$/m)
  assert.doesNotMatch(text, /listening/)
})

test('the address Docker is given', () => {
  const check = (listen: readonly string[], expected: string | undefined, options = {}) => {
    const inputs = { docker: { type: 'forward', options } }
    const ready = { config: { ...config, inputs }, configPath: 'a.yaml', page: null }
    const text = bannerText({ ...ready, addresses: { docker: listen } })
    assert.equal(/fluentd-address=(\S+)/.exec(text)?.[1], expected)
  }
  check(['tcp://0.0.0.0:24224'], '127.0.0.1:24224')
  check(['tcp://[::]:24224'], '127.0.0.1:24224')
  check(['tcp://[::1]:24224'], '[::1]:24224')
  check(['tls://127.0.0.1:1', 'tcp://127.0.0.1:2'], '127.0.0.1:2')
  check(['unix:///run/logs.sock'], 'unix:///run/logs.sock')
  check(['udp://127.0.0.1:1'], undefined)
  check(['tcp://127.0.0.1:1'], undefined, { security: { shared_key: 'x' } })
})

test('the files to follow', () => {
  const check = (path: string, expected: string) => {
    const outputs = { files: { type: 'file', options: { path } } }
    const ready = { config: { ...config, outputs }, configPath: null, page: null }
    const text = bannerText({ ...ready, addresses: { docker: ['tcp://127.0.0.1:1'] } })
    assert.equal(/tail -F (.*)/.exec(text)?.[1], expected)
  }
  check('/var/log/${tag}/%Y%m%d.log', '/var/log/*/*.log')
  check('./all.log', './all.log')
  check('./my logs/${tag[1]}-$.log', './my\\ logs/*-\\$.log')
})
