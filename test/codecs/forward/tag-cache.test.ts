/** Tags by their bytes: the right text each time, the same object when it comes again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagOf } from '../../../src/codecs/forward/tag-cache.ts'

function textOf(bytes: Uint8Array): string {
  return tagOf(bytes, 0, bytes.length).text
}

test('more tags than there is room for, each of them right each time', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `docker.web${index}`)
  for (let round = 0; round < 3; round++) {
    for (const name of names) assert.equal(textOf(Buffer.from(name)), name)
  }
})

test('a tag that comes again is the same object, whatever became of the bytes', () => {
  const bytes = Buffer.from('docker.web1')
  const tag = tagOf(bytes, 0, bytes.length)
  bytes.fill(0)
  assert.equal(Buffer.from(tag.bytes).toString(), 'docker.web1')
  const again = Buffer.from('xxdocker.web1')
  assert.equal(tagOf(again, 2, again.length), tag)
})

test('long tags, byte order marks and what is not UTF-8', () => {
  assert.equal(textOf(Buffer.from('t'.repeat(5000))), 't'.repeat(5000))
  assert.equal(textOf(Buffer.from('\ufeffa')), '\ufeffa')
  assert.equal(textOf(Uint8Array.of(0x61, 0xff)), 'a\ufffd')
  assert.equal(textOf(Uint8Array.of(0x61, 0xfe)), 'a\ufffd')
  assert.equal(textOf(new Uint8Array(0)), '')
})
