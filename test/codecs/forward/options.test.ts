/** The option map of a forward frame, with its integers in every spelling. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ForwardDecoder, type ForwardUnit } from '../../../src/codecs/forward/decoder.ts'

const ENTRY = '92 01 80'

test('takes logs, however the integer is spelled that says so', () => {
  for (const zero of [
    '00',
    'cc 00',
    'cd 00 00',
    'ce 00 00 00 00',
    'cf 00 00 00 00 00 00 00 00',
    'd0 00',
    'd1 00 00',
    'd2 00 00 00 00',
    'd3 00 00 00 00 00 00 00 00',
    'c0',
  ]) {
    const unit = unitOf(`93 a1 74 91 ${ENTRY} ${signal(zero)}`)
    assert.deepEqual([unit.kind, unit.kind === 'entries' && unit.count], ['entries', 1], zero)
  }
})

test('knows metrics and traces, however the integer is spelled', () => {
  for (const head of [
    '',
    'cc',
    'cd 00',
    'cf 00 00 00 00 00 00 00',
    'd0',
    'd3 00 00 00 00 00 00 00',
  ]) {
    assert.equal(reasonOf(`93 a1 74 90 ${signal(`${head} 01`)}`), 'fluent_signal_metrics')
    assert.equal(reasonOf(`93 a1 74 90 ${signal(`${head} 02`)}`), 'fluent_signal_traces')
  }
})

test('refuses a signal that it does not know, and counts the entries', () => {
  for (const unknown of [
    '03',
    'ff',
    'd0 ff',
    'cc ff',
    'cf 01 00 00 00 00 00 00 00',
    'c2',
    'a1 30',
  ]) {
    const three = `${ENTRY} ${ENTRY} ${ENTRY}`
    const check = (frame: string, count: number) => {
      const unit = unitOf(`${frame} ${signal(unknown)}`)
      assert.equal(unit.kind === 'refused' && unit.reason, 'fluent_signal_unknown', unknown)
      assert.equal(unit.kind === 'refused' && unit.count, count, frame)
    }
    check(`93 a1 74 93 ${three}`, 3)
    check(`93 a1 74 c4 09 ${three}`, 3)
    check(`93 a1 74 c4 08 ${three.slice(0, -3)}`, 3)
    check('94 a1 74 01 80', 1)
    check('93 a1 74 90', 1)
    check('93 a1 74 c4 00', 1)
  }
})

function signal(bytes: string): string {
  return `81 ad ${Buffer.from('fluent_signal').toString('hex')} ${bytes}`
}

function reasonOf(hex: string): string {
  const unit = unitOf(hex)
  return unit.kind === 'refused' ? unit.reason : unit.kind
}

function unitOf(hex: string): ForwardUnit {
  const decoder = new ForwardDecoder({
    frameMaxBytes: 4096,
    depthMax: 8,
    now: () => 1_795_251_000_000,
    metadataKey: '',
    appendFields: [],
  })
  const units = decoder.push(new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex')))
  assert.equal(decoder.error, null, hex)
  assert.equal(units.length, 1, hex)
  return units[0]!
}
