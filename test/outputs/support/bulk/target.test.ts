import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  confinedName,
  confinedPart,
  Target,
  targetFaults,
} from '../../../../src/outputs/support/bulk/target.ts'

test('confines what events have to what is allowed in a name', () => {
  assert.equal(confinedName('logs-Web.1'), 'logs-web.1')
  assert.equal(confinedName('../_all/_bulk?x=*,b#c:d "e'), 'all__bulk_x=__b_c_d__e')
  assert.equal(confinedName('-_+'), 'unknown')
  assert.equal(confinedName('..'), 'unknown')
  assert.equal(confinedName('a\nb\u0000'), 'a_b_')
  assert.equal(Buffer.byteLength(confinedName('é'.repeat(200))), 254)
  assert.equal(confinedPart('a-b'), 'a_b')
  assert.equal(confinedPart('x'.repeat(300)).length, 100)
})

test('names a data stream, or an index by tag and day', () => {
  const key = {
    ...{ id: '', tag: 'Docker-Web', time: Date.UTC(2026, 10, 26), fields: new Map() },
    clock: { offsetAt: () => 0 },
  }
  const chunk = { id: 'c', key }
  assert.equal(new Target({}).nameFor(chunk), 'logs-generic-default')
  const stream = { type: 'logs', dataset: '${tag}', namespace: 'prod' }
  assert.equal(new Target({ data_stream: stream }).nameFor(chunk), 'logs-docker_web-prod')
  const index = new Target({ index: 'logs-${tag}-%Y.%m.%d' })
  assert.equal(index.nameFor(chunk), 'logs-docker-web-2026.11.26')
})

test('says which names cannot be', () => {
  assert.deepEqual(targetFaults({ index: 'logs-${tag}-%Y' }), [])
  assert.match(targetFaults({ index: 'Logs' })[0]!.message, /expected lower case/)
  const stream = { type: 'logs', dataset: 'a-b', namespace: 'x' }
  assert.deepEqual(targetFaults({ data_stream: stream })[0]!.path, ['data_stream', 'dataset'])
})
