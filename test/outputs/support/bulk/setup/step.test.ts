import assert from 'node:assert/strict'
import { it } from 'node:test'
import { elasticsearch } from '../../../../../src/outputs/elasticsearch/index.ts'
import type { BulkConfig } from '../../../../../src/outputs/support/bulk/schema.ts'
import { setupOf } from '../../../../../src/outputs/support/bulk/setup/step.ts'
import { validConfig } from '../../../../drivers/valid-config.ts'

const CASES: readonly (readonly [string, string | undefined])[] = [
  ['', 'logs-generic-default'],
  ['data_stream: { dataset: "${tag[1]}" }', 'logs-*-default'],
  ['index: "logs-${tag}-%Y.%m.%d"', 'logs-*'],
  ['index: events', 'events'],
  // A template for whatever there is would change what others do.
  ['index: "${tag}"', undefined],
  ['setup: "off"', undefined],
]

for (const [yaml, pattern] of CASES) {
  it(`sets up ${pattern ?? 'nothing'} for ${yaml === '' ? 'no options' : yaml}`, () => {
    const config = validConfig(elasticsearch, `url: http://127.0.0.1:9200\n${yaml}`)
    assert.equal(setupOf(config as BulkConfig, 'elasticsearch')?.pattern, pattern)
  })
}
