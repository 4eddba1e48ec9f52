import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Breaker } from '../../../src/pipeline/delivery/breaker.ts'

const backoff = { firstMs: 100, maxMs: 1000 }

/** It has failed as often as it takes, last at 0; open until 100. */
function opened(random = () => 0): Breaker {
  const breaker = new Breaker(3, backoff, random)
  assert.equal(breaker.fail(0, 0), false)
  assert.equal(breaker.fail(0, 0), false)
  assert.equal(breaker.fail(0, 0), true)
  return breaker
}

suite('opens', () => {
  test('with so many failures in a row', () => {
    const breaker = new Breaker(2, backoff, () => 0)
    breaker.fail(0, 0)
    breaker.succeed()
    breaker.fail(0, 0)
    assert.equal(breaker.state(0), 'closed')
    assert.equal(breaker.freeAtMs, -Infinity)
    assert.equal(breaker.fail(5, 0), true)
    assert.equal(breaker.state(5), 'open')
    assert.equal(breaker.freeAtMs, 105)
    assert.equal(breaker.failures, 2)
  })

  test('again with a probe that fails, for longer', () => {
    const breaker = opened(() => 0.5)
    assert.equal(breaker.state(99), 'open')
    assert.equal(breaker.state(100), 'half_open')
    const probe = breaker.send()
    assert.equal(breaker.fail(110, probe), true)
    assert.equal(breaker.freeAtMs, 110 + 200)
  })
})

suite('half open', () => {
  test('lets one chunk through, and all once that has succeeded', () => {
    const breaker = opened()
    assert.notEqual(breaker.send(), 0)
    assert.equal(breaker.state(0), 'half_open')
    assert.equal(breaker.freeAtMs, Infinity)
    breaker.succeed()
    assert.equal(breaker.state(0), 'closed')
    assert.equal(breaker.send(), 0)
    assert.equal(breaker.freeAtMs, -Infinity)
  })

  test('ignores failures of those sent before', () => {
    const breaker = opened()
    const probe = breaker.send()
    assert.equal(breaker.fail(100, 0), false)
    assert.equal(breaker.freeAtMs, Infinity)
    breaker.succeed()
    for (let count = 0; count < 3; count++) breaker.fail(200, 0)
    breaker.send()
    assert.equal(breaker.fail(300, probe), false, 'an old probe')
    assert.equal(breaker.freeAtMs, Infinity)
  })
})

test('a Retry-After keeps all back, whatever the state, and is not shortened', () => {
  const breaker = opened()
  breaker.keepQuiet(5000)
  breaker.keepQuiet(4000)
  assert.equal(breaker.freeAtMs, 5000)
  breaker.succeed()
  assert.equal(breaker.freeAtMs, 5000)
})
