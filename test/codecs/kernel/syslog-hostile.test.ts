/**
 * Syslog that nobody should send: the kernel never traps and never writes outside its target.
 * `LOGBOOM_FUZZ_SECONDS` makes it last longer.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYSLOG_NAMES } from '../../../src/codecs/kernel/syslog-names.ts'
import { testKernel } from './test-kernel.ts'

const SECONDS = Number(process.env['LOGBOOM_FUZZ_SECONDS'] ?? 1)
const SLACK_BYTES = 64
const CANARY = 0xa5
const PIECES = [
  '<30>Nov 26 11:59:58 h app[1]: text\n',
  '<30>1 2026-11-26T11:59:58.1Z h app 1 - [a b="c"] text\n',
  '54 <30>1 2026-11-26T11:59:58.1Z h app 1 - [a b="c"] text',
  '99999 <30>1 2026-11-26T11:59:58.1Z h app 1 - [a',
  `<30>1 2026-11-26T11:59:58.1Z ${'h'.repeat(300)} a b c [`,
  `[${'x="" '.repeat(20)}]`,
  `<30>1 2026-11-26T11:59:58Z h a - - ${'[e'.repeat(4)}${'[e f="g"]'.repeat(7)} m\n`,
  `<30>Nov 26 11:59:58 h ${'t'.repeat(300)}`,
  '\0\r\n',
  '<30>Nov 26 11:59:58 h app[1]: text\nmore\0',
  '<30>Nov 26 11:59:58',
]

for (const names of ['fluentd', 'ecs'] as const)
  test(`whatever comes, into targets of any size, by the names of ${names}`, () => attack(names))

function attack(names: keyof typeof SYSLOG_NAMES): void {
  const kernel = testKernel()
  const { memory, source, target, aside, functions } = kernel
  const { list, headFields } = SYSLOG_NAMES[names]
  const head = SYSLOG_NAMES[names].headOf(30)
  memory.set(head.bytes, aside)
  memory.set(list, aside + 768)
  functions.useNames(aside + 768, head.innerMap)
  functions.useYear(20454, 0, 0, 0x7fff_ffff, 0)
  const end = performance.now() + SECONDS * 1000
  let made = 0
  for (let round = 0; performance.now() < end; round++) {
    const text = Buffer.from(
      Array.from(
        { length: 8 },
        (_, index) => PIECES[(round * 7 + index * index) % PIECES.length],
      ).join(''),
    )
    for (let change = 0; change < round % 5; change++)
      text[(round * 131 + change * 977) % text.length] = (round * 31 + change * 89) & 0xff
    const length = Math.max(1, text.length - (round % 23))
    const targetBytes = 1 + ((round * 37) % 2000)
    memory.set(text, source)
    memory.fill(CANARY, target, target + targetBytes + SLACK_BYTES + 1024)
    const [from, to] = [source, source + length]
    const targetEnd = target + targetBytes
    functions.startSyslog(aside + 128, 100, 2, 64 * 1024, round % 4)
    const headLength = head.bytes.length
    functions.readSyslog(from, to, target, targetEnd, 30, aside, headLength, headFields)
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
}
