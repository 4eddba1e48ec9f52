/**
 * Frames that nobody should send: the kernel never traps, never writes outside its target, and
 * never takes more memory. `LOGBOOM_FUZZ_SECONDS` makes it last longer, `LOGBOOM_FUZZ_SEED` repeats
 * a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Kernel, SOURCE_BYTES } from '../../../src/codecs/kernel/kernel.ts'
import { packRecord } from '../../support/entries.ts'
import { testKernel } from './test-kernel.ts'

const SECONDS = Number(process.env['LOGBOOM_FUZZ_SECONDS'] ?? 2)
const SEED = Number(process.env['LOGBOOM_FUZZ_SEED'] ?? Date.now() % 0x7fff_ffff)
const DEPTH_MAX = 512
const COUNT_MAX = 0x7fff_ffff
/** Bytes of a target that is as small as this, so that its end is met often. */
const SMALL_TARGET_BYTES = 300
/** The kernel may touch as much behind what it was given. */
const SLACK_BYTES = 64
const CANARY = 0xa5

/** Mulberry32: small, quick and the same everywhere. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below)
  }
}

type Random = (below: number) => number

const TYPES = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xc9, 0xca, 0xd3]
const WIDE = [0xd4, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf]
const TIME = [0xd7, 0x00, 0x6b, 0x01, 0x02, 0x03, 0x00, 0x00, 0x00, 0x05]
const FRAMES = [
  [0x93, 0xa1, 0x61, ...TIME, ...packRecord({ log: 'x', a: [1, { b: 2.5 }], time: 'now' })],
  [0x92, ...TIME, ...packRecord({ log: 'hello "world"', container_id: 'c'.repeat(64) })],
  [0x92, 0x92, ...TIME, 0x80, ...packRecord({ log: 'x' })],
  [0x93, 0xa1, 0x61, ...TIME, 0xdf, 0xff, 0xff, 0xff, 0xff],
  [0x92, ...TIME, 0x81, 0xa1, 0x61, 0xdb, 0xff, 0xff, 0xff, 0xf0],
]

/** Frames, changed here and there, up to `length` bytes. */
function fill(target: Uint8Array, random: Random): number {
  let length = 0
  const wanted = 1 + random(600)
  while (length < wanted) {
    const frame = FRAMES[random(FRAMES.length)]!
    target.set(frame, length)
    length += frame.length
  }
  for (let changes = random(6); changes > 0; changes--) {
    target[random(length)] = mutation(random)
  }
  return Math.max(1, length - random(20))
}

function mutation(random: Random): number {
  const choice = random(4)
  if (choice === 0) return random(256)
  if (choice === 1) return 0xff
  return choice === 2 ? TYPES[random(TYPES.length)]! : WIDE[random(WIDE.length)]!
}

/** Throws when the kernel traps, stops outside, or has written where nothing was to be written. */
function attack(kernel: Kernel, random: Random): void {
  const { memory, source, target, aside, functions } = kernel
  const length = fill(memory.subarray(source), random)
  const targetEnd = target + (random(2) === 0 ? SMALL_TARGET_BYTES : SMALL_TARGET_BYTES * 100)
  const behind = targetEnd + SLACK_BYTES
  memory.fill(CANARY, behind, behind + SLACK_BYTES)
  memory[aside] = 0x61
  const end = source + length
  const choice = random(3)
  if (choice === 0) functions.readMessages(source, end, target, targetEnd, aside, 1, DEPTH_MAX)
  else if (choice === 1) functions.checkEntries(source, end, DEPTH_MAX, COUNT_MAX)
  else functions.convertEntries(source, end, target, targetEnd, DEPTH_MAX, COUNT_MAX)
  assert.ok(kernel.stoppedAt >= source && kernel.stoppedAt <= end, 'it stopped outside')
  if (choice !== 1) assert.ok(kernel.targetUsed <= targetEnd, 'it wrote past the target')
  const canaries = memory.subarray(behind, behind + SLACK_BYTES)
  assert.ok(
    canaries.every((byte) => byte === CANARY),
    'it wrote far past the target',
  )
  if (choice === 1) write(kernel, kernel.stoppedAt, targetEnd)
}

/** What was found to be valid can be written, whatever it holds. */
function write(kernel: Kernel, end: number, targetEnd: number): void {
  const { memory, source, target, functions } = kernel
  functions.putJsonLines(source, end, target, targetEnd)
  assert.ok(kernel.targetUsed <= targetEnd, 'a line goes past the target')
  const behind = targetEnd + SLACK_BYTES
  assert.ok(memory.subarray(behind, behind + SLACK_BYTES).every((byte) => byte === CANARY))
}

test(`hostile frames for ${SECONDS} s, LOGBOOM_FUZZ_SEED=${SEED}`, () => {
  const kernel = testKernel()
  const { memory, functions, aside } = kernel
  const bytesBefore = memory.length
  const template = Buffer.from('{"time":"1970-01-01T00:00:00.000000000Z","tag":"')
  memory.set(template, aside)
  functions.startLines(aside, aside + template.length, 0)
  const random = randomFrom(SEED)
  const end = performance.now() + SECONDS * 1000
  let frames = 0
  while (performance.now() < end) {
    for (let left = 1000; left > 0; left--) attack(kernel, random)
    frames += 1000
  }
  assert.equal(memory.length, bytesBefore)
  assert.ok(frames > 10_000, `only ${frames}`)
})

const MESSAGES = [
  '{"version":"1.1","host":"h","short_message":"a \\u003cb\\" c","timestamp":1.5,"level":6,' +
    '"_container_id":"c0ffee","_tag":"t"}\0',
  `{"timestamp": 1795251000.123456789, "_n": -5, "_ok": true, "_x": "${'x'.repeat(90)}"}\n`,
  `{"timestamp":1,"a":"\\n${'y'.repeat(300)}"${',"_f":0'.repeat(20)}}\0`,
].map((text) => Buffer.from(text))
const GELF_BYTES = Buffer.from('"\\{}[]:,\0\n 0-e.tfnu_\x01\xff', 'latin1')

/** As `attack`, with GELF messages. */
function attackGelf(kernel: Kernel, random: Random): void {
  const { memory, source, target, aside, functions } = kernel
  let length = 0
  while (length < 400) {
    const message = MESSAGES[random(MESSAGES.length)]!
    memory.set(message, source + length)
    length += message.length
  }
  for (let changes = random(4); changes > 0; changes--) {
    memory[source + random(length)] = GELF_BYTES[random(GELF_BYTES.length)]!
  }
  const end = source + length - random(random(2) * length)
  const targetEnd = target + (random(2) === 0 ? SMALL_TARGET_BYTES : SMALL_TARGET_BYTES * 100)
  const behind = targetEnd + SLACK_BYTES
  memory.fill(CANARY, behind, behind + SLACK_BYTES)
  memory.set(Buffer.from('log'), aside)
  functions.readGelf(source, end, target, targetEnd, aside, 3, random(16), random(4))
  assert.ok(kernel.stoppedAt >= source && kernel.stoppedAt <= end, 'it stopped outside')
  assert.ok(kernel.targetUsed <= targetEnd, 'it wrote past the target')
  const canaries = memory.subarray(behind, behind + SLACK_BYTES)
  assert.ok(
    canaries.every((byte) => byte === CANARY),
    'it wrote far past the target',
  )
  const made = memory.slice(target, kernel.targetUsed)
  memory.set(made, source)
  functions.checkEntries(source, source + made.length, DEPTH_MAX, COUNT_MAX)
  assert.equal(kernel.stoppedAt, source + made.length, 'it made what is no entry')
}

test(`hostile GELF for ${SECONDS} s, LOGBOOM_FUZZ_SEED=${SEED}`, () => {
  const kernel = testKernel()
  const random = randomFrom(SEED)
  const end = performance.now() + SECONDS * 1000
  let taken = 0
  while (performance.now() < end) {
    for (let left = 1000; left > 0; left--) attackGelf(kernel, random)
    taken += kernel.count
  }
  assert.ok(taken > 0, 'it took none')
})

const TIMES = ['"2026-11-21T08:50:00.5+01:00"', '1795251000123', '17.5', '"soon"']
const LOGS = [
  `{"level":"info","msg":"a \\u00e9\\n","n":{"a":[1,-2,0.25,null]}}`,
  ` { "x" : "${'y'.repeat(260)}", "f": false${',"k":1'.repeat(16)} } `,
  ...TIMES.map((time) => `{"log":1,"time":${time},"p":[[[]],{}]}`),
]
const PARSED = LOGS.map((log) => [0x92, ...TIME, ...packRecord({ p: 1, log, source: 'stdout' })])
/** The field, the str of a target, a prefix and the name of a time: each is taken or left. */
const FIELD = 'log'
const [TARGET, PREFIX, TIME_NAME] = ['\xa3all', 'p_', 'time']

/** Lines that are valid entries, with bytes of the line changed. */
function attackParse(kernel: Kernel, random: Random): void {
  const { memory, source, target, aside, functions } = kernel
  let length = 0
  while (length < 500) {
    const entry = PARSED[random(PARSED.length)]!
    memory.set(entry, source + length)
    // Behind the headers: what the kernel relies on was checked when the entry came in.
    for (let changes = random(3); changes > 0; changes--) {
      const at = source + length + 24 + random(entry.length - 40)
      memory[at] = GELF_BYTES[random(GELF_BYTES.length)]!
    }
    length += entry.length
  }
  const targetEnd = target + (random(2) === 0 ? SMALL_TARGET_BYTES : SMALL_TARGET_BYTES * 100)
  const behind = targetEnd + SLACK_BYTES
  memory.fill(CANARY, behind, behind + SLACK_BYTES)
  const [all, prefix] = [random(2) === 0 ? TARGET : '', random(2) === 0 ? PREFIX : '']
  const way = [0, 1, 2, 3, 1002][random(5)]!
  memory.set(Buffer.from(FIELD + all + prefix + TIME_NAME, 'latin1'), aside)
  const lengths = [FIELD.length, all.length, prefix.length] as const
  functions.startParsing(aside, ...lengths, way > 0 ? TIME_NAME.length : 0, way, random(8))
  const end = source + length
  functions.parseJson(source, end, target, targetEnd)
  assert.ok(kernel.stoppedAt >= source && kernel.stoppedAt <= end, 'it stopped outside')
  assert.ok(kernel.targetUsed <= targetEnd, 'it wrote past the target')
  const canaries = memory.subarray(behind, behind + SLACK_BYTES)
  assert.ok(
    canaries.every((byte) => byte === CANARY),
    'it wrote far past the target',
  )
  const made = memory.slice(target, kernel.targetUsed)
  memory.set(made, source)
  functions.checkEntries(source, source + made.length, DEPTH_MAX, COUNT_MAX)
  assert.equal(kernel.stoppedAt, source + made.length, 'it made what is no entry')
}

test(`hostile JSON in a field for ${SECONDS} s, LOGBOOM_FUZZ_SEED=${SEED}`, () => {
  const kernel = testKernel()
  const random = randomFrom(SEED)
  const end = performance.now() + SECONDS * 1000
  let parsed = 0
  while (performance.now() < end) {
    for (let left = 1000; left > 0; left--) {
      attackParse(kernel, random)
      parsed += kernel.functions.parsedCount()
    }
  }
  assert.ok(parsed > 0, 'it parsed none')
})

test('deep nesting up to the limit, and a million levels', () => {
  const kernel = testKernel()
  const { memory, source, functions } = kernel
  for (const [depth, taken] of [
    [DEPTH_MAX - 2, 1],
    [DEPTH_MAX, 0],
    [SOURCE_BYTES - 100, 0],
  ] as const) {
    const entry = Buffer.concat([
      Buffer.from([0x92, ...TIME, 0x81, 0xa1, 0x61]),
      Buffer.alloc(depth, 0x91),
      Buffer.from([0xc0]),
    ])
    memory.set(entry.subarray(0, SOURCE_BYTES), source)
    functions.checkEntries(source, source + entry.length, DEPTH_MAX, COUNT_MAX)
    assert.equal(kernel.count, taken, `${depth} levels`)
  }
})

test('a long header is not believed, and takes no time', () => {
  const kernel = testKernel()
  const { memory, source, functions } = kernel
  const promised = [0xdd, 0xdf, 0xdb, 0xc6, 0xc9].map((type) => [type, 0xff, 0xff, 0xff, 0xff])
  for (const header of promised) {
    memory.set([0x92, ...TIME, 0x81, 0xa1, 0x61, ...header], source)
    for (let left = 100_000; left > 0; left--) {
      functions.checkEntries(source, source + SOURCE_BYTES, DEPTH_MAX, COUNT_MAX)
      assert.equal(kernel.count, 0)
    }
  }
})
