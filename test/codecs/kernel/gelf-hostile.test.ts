/**
 * GELF that nobody should send: the kernel never traps and never writes outside its target.
 * `LOGBOOM_FUZZ_SECONDS` makes it last longer.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOCKER } from '../gelf/gelf-messages.ts'
import { testKernel } from './test-kernel.ts'

const SECONDS = Number(process.env['LOGBOOM_FUZZ_SECONDS'] ?? 1)
const SLACK_BYTES = 64
const CANARY = 0xa5
const message = (changed: object) => `${JSON.stringify({ ...DOCKER, ...changed })}\0`
const PIECES = [
  message({}),
  message({ level: 3, _tag: 'other' }),
  message({ short_message: '\n'.repeat(300) }),
  message({ short_message: `${'x'.repeat(255)}"` }),
  message({ short_message: 'x'.repeat(1500) }),
  message(Object.fromEntries(Array.from({ length: 40 }, (_none, index) => [`_n${index}`, 1]))),
  `{"timestamp":1,"${'n'.repeat(31)}":"${'v'.repeat(31)}"}\0`,
  `{"timestamp":1,"${'n'.repeat(30)}":"${'v'.repeat(32)}"}\0`,
  '{"timestamp":1,"',
  '{"timestamp":1,"level":"\\u00e9\\n',
]

test('whatever comes, into targets of any size', () => {
  const kernel = testKernel()
  const { memory, source, target, aside, functions } = kernel
  const keys = ['log', 'message', 'k'.repeat(31)].map((key) => Buffer.from(key))
  const end = performance.now() + SECONDS * 1000
  let made = 0
  for (let round = 0; performance.now() < end; round++) {
    const pieces = Array.from({ length: 6 }, (_none, index) => {
      return PIECES[(round * 7 + index * index) % PIECES.length]!
    })
    const text = Buffer.from(pieces.join(''))
    for (let change = 0; change < round % 4; change++)
      text[(round * 131 + change * 977) % text.length] = (round * 31 + change * 89) & 0xff
    const length = Math.max(1, text.length - (round % 23))
    const targetEnd = target + 1 + ((round * 37) % 4000)
    const key = keys[(round >> 3) % keys.length]!
    memory.set(key, aside)
    memory.set(text, source)
    memory.fill(CANARY, target, targetEnd + SLACK_BYTES + 1024)
    const [from, to] = [source, source + length]
    functions.readGelf(from, to, target, targetEnd, aside, key.length, (round >> 2) & 15, 64)
    assert.ok(kernel.stoppedAt >= from && kernel.stoppedAt <= to, `round ${round}`)
    assert.ok(kernel.targetUsed <= targetEnd, `round ${round}`)
    const behind = memory.subarray(targetEnd + SLACK_BYTES, targetEnd + SLACK_BYTES + 1024)
    assert.ok(
      behind.every((byte) => byte === CANARY),
      `round ${round} wrote behind its target`,
    )
    made += kernel.count
  }
  assert.ok(made > 0)
})
