/** Names of peers: cached, and never waited for beyond a bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostnameCache } from '../../../src/inputs/support/hostname-cache.ts'
import { ManualTime } from '../../drivers/context.ts'

function cacheWith(reverse: (address: string) => Promise<string[]>) {
  const time = new ManualTime()
  const asked: string[] = []
  const cache = new HostnameCache({
    clock: time,
    timers: time,
    waitMs: 500,
    reverse: (address) => {
      asked.push(address)
      return reverse(address)
    },
  })
  return { cache, time, asked }
}

test('asks once, and again when the answer is old', async () => {
  const { cache, time, asked } = cacheWith(async () => ['host.example', 'other.example'])
  assert.equal(await cache.nameOf('10.0.0.1'), 'host.example')
  assert.equal(await cache.nameOf('10.0.0.1'), 'host.example')
  assert.deepEqual(asked, ['10.0.0.1'])
  assert.equal(time.pending, 0)
  time.advance(300_001)
  await cache.nameOf('10.0.0.1')
  assert.equal(asked.length, 2)
})

test('gives the address where there is no name, and remembers that', async () => {
  const { cache, asked } = cacheWith(async () => {
    throw new Error('ENOTFOUND')
  })
  assert.equal(await cache.nameOf('10.0.0.1'), '10.0.0.1')
  assert.equal(await cache.nameOf('10.0.0.1'), '10.0.0.1')
  assert.equal(asked.length, 1)
})

test('gives the address where the name is late; the next one gets the name', async () => {
  let answer: (names: string[]) => void = () => undefined
  const { cache, time } = cacheWith(() => new Promise((resolve) => (answer = resolve)))
  const first = cache.nameOf('10.0.0.1')
  time.advance(500)
  assert.equal(await first, '10.0.0.1')
  answer(['host.example'])
  assert.equal(await cache.nameOf('10.0.0.1'), 'host.example')
})

test('asks real DNS servers for nothing longer than its bound', async () => {
  const time = new ManualTime()
  const cache = new HostnameCache({ clock: time, timers: time, waitMs: 500 })
  const name = cache.nameOf('192.0.2.1')
  cache.cancel()
  time.advance(500)
  assert.equal(await name, '192.0.2.1')
})
