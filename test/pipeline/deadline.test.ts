/** A deadline ends the waiting, and no wait leaves a listener on it. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { untilDeadline } from '../../src/pipeline/deadline.ts'

const never = new Promise<never>(() => {})

describe('untilDeadline', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

  test('ends with the work, however often one deadline is waited for', async () => {
    const { signal } = new AbortController()
    for (let wait = 0; wait < 20; wait++) await untilDeadline(signal, Promise.resolve())
    assert.equal(listeners(signal), 0)
  })

  test('ends at the deadline', async () => {
    const controller = new AbortController()
    const waiting = untilDeadline(controller.signal, never)
    assert.equal(listeners(controller.signal), 1)
    controller.abort()
    await waiting
    assert.equal(listeners(controller.signal), 0)
  })

  test('does not wait when the deadline is over', () => untilDeadline(AbortSignal.abort(), never))

  test('throws what the work throws', async () => {
    const { signal } = new AbortController()
    await assert.rejects(untilDeadline(signal, Promise.reject(new Error('broken'))), /broken/)
    assert.equal(listeners(signal), 0)
  })
})
