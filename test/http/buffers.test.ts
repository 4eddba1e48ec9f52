/** What is shown of buffers, as JSON, as metrics and on the page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferAnswers, orphanAnswers } from '../../src/http/buffers.ts'
import { prometheusText } from '../../src/http/prometheus.ts'
import { statusPage } from '../../src/http/status-page.ts'
import type { BufferView } from '../../src/http/view.ts'
import { exampleView, HOSTILE } from './example-view.ts'

const NOW = Date.parse('2026-11-21T08:50:00Z')

const failing: BufferView = {
  output: 'search',
  problem: HOSTILE,
  bytes: 3000,
  events: 12,
  leftover: { bytes: 1000, events: 4 },
  maxBytes: 100_000,
  oldestAt: NOW - 1500,
  retries: 24,
  damaged: 3,
  damagedBytes: 70,
  chunksInFlight: 1,
  chunksWaiting: 2,
  heldEvents: 12,
  heldBytes: 3000,
  keysOpen: 0,
  breaker: 'open',
  failures: 7,
  attempts: 5,
  nextTryAt: NOW + 250,
  lastFailure: { reason: HOSTILE, at: NOW - 100 },
  deadLettersWaiting: 3,
  deadLetterProblem: null,
}

const idle: BufferView = {
  ...failing,
  output: 'archive',
  problem: null,
  bytes: 0,
  events: 0,
  oldestAt: null,
  breaker: 'closed',
  failures: 0,
  nextTryAt: null,
  lastFailure: null,
}

test('as JSON', () => {
  const [first, second] = bufferAnswers([failing, idle], NOW)
  assert.deepEqual(first, {
    output: 'search',
    bytes: 3000,
    max_bytes: 100_000,
    events: 12,
    leftover_bytes: 1000,
    leftover_events: 4,
    oldest_age_seconds: 1.5,
    retries: 24,
    events_damaged: 3,
    damaged_bytes: 70,
    chunks_in_flight: 1,
    chunks_waiting: 2,
    failures: 7,
    circuit: 'open',
    next_try: '2026-11-21T08:50:00.250Z',
    last_failure: { at: '2026-11-21T08:49:59.900Z', reason: HOSTILE },
    dead_letters_waiting: 3,
    problem: HOSTILE,
  })
  const { oldest_age_seconds, next_try, last_failure } = second!
  assert.deepEqual([oldest_age_seconds, next_try, last_failure], [null, null, null])
})

test('as metrics', async () => {
  const text = await prometheusText(exampleView({ buffers: () => [failing, idle] }))
  for (const line of [
    'logboom_output_buffer_max_bytes{output="search"} 100000',
    'logboom_output_buffer_failures{output="search"} 7',
    'logboom_output_buffer_circuit_open{output="search"} 1',
    'logboom_output_buffer_circuit_open{output="archive"} 0',
    'logboom_output_buffer_oldest_age_seconds{output="archive"} 0',
  ])
    assert.ok(text.includes(`${line}\n`), line)
})

test('what an output has left that is not configured any more', async () => {
  const orphanBuffers = [{ name: 'gone', path: 'data/buffers/gone', bytes: 70 }]
  const text = await prometheusText(exampleView({ orphanBuffers }))
  assert.ok(text.includes('logboom_orphan_buffer_bytes{output="gone"} 70\n'))
  const [answer] = orphanAnswers(orphanBuffers)
  assert.deepEqual(answer, { output: 'gone', path: 'data/buffers/gone', bytes: 70 })
})

test('on the page, escaped', () => {
  const page = statusPage(exampleView({ buffers: () => [failing] }), NOW)
  assert.match(page, /<td>search<\/td><td>&lt;script&gt;/)
  assert.match(page, /08:50:00/)
  assert.ok(!page.includes('<script>'))
  assert.ok(!statusPage(exampleView(), NOW).includes('Buffers'))
})
