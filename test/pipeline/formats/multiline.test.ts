/** The options that say which lines make one event. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StartRule } from '../../../src/codecs/multiline/multiline.ts'
import { TraceRule } from '../../../src/codecs/multiline/trace-rule.ts'
import { createMultiline, multilineFaults } from '../../../src/pipeline/formats/multiline.ts'

test('a start pattern, or traces of some or all languages', () => {
  assert.ok(createMultiline({ start: '^x' }) instanceof StartRule)
  assert.ok(createMultiline({}) instanceof TraceRule)
  const java = createMultiline({ traces: ['java'] })
  const panic = Buffer.from('panic: no')
  java.next(0, panic, 0, panic.length)
  assert.equal(java.isOpen, false)
  createMultiline({ traces: ['java', 'go'] })
  const all = createMultiline({})
  all.next(0, panic, 0, panic.length)
  assert.equal(all.isOpen, true)
})

test('what is wrong with them', () => {
  const check = (config: Parameters<typeof createMultiline>[0], path: string, part: RegExp) => {
    const faults = multilineFaults(config, ['multiline'])
    assert.equal(faults.length, 1)
    assert.equal(faults[0]!.path.join('.'), path)
    assert.match(faults[0]!.message, part)
  }
  check({ start: '(' }, 'multiline.start', /at column/)
  check({ start: 'x', traces: ['go'] }, 'multiline.traces', /beside "start"/)
  assert.deepEqual(multilineFaults({ start: 'x' }), [])
  assert.deepEqual(multilineFaults({ traces: ['go'] }), [])
})
