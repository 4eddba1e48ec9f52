import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detectLevel } from '../../../../src/pipeline/filters/detect-level/index.ts'
import { levelInText } from '../../../../src/pipeline/filters/detect-level/levels.ts'
import { runFilter } from '../../../drivers/run-filter.ts'
import { batchOf } from '../../../support/entries.ts'

function check(text: string, expected: string | undefined): void {
  assert.equal(levelInText(text), expected, text)
}

async function checkRecord(record: object, expected: object): Promise<void> {
  const run = await runFilter(detectLevel)
  await run.input.deliver(batchOf('t', record))
  assert.deepEqual(run.records, [expected])
  await run.stop()
}

test('JSON, words and numbers', () => {
  check('{"time":1,"level":"WARNING","msg":"x"}', 'warn')
  check('{"level":50,"msg":"x"}', 'error')
  check('{"severity": "CRITICAL"}', 'fatal')
  check('{"log.level":"debug"}', 'debug')
  check('{"msg":"ERROR in text"}', undefined)
})

test('logfmt, klog, syslog', () => {
  check('time=1 level=info msg="an ERROR"', 'info')
  check('lvl=eror msg=x', 'error')
  check('E1126 15:11:44.123456       1 main.go:1] x', 'error')
  check('I1126 15:11:44.123456       1 main.go:1] x', 'info')
  check('<11>Nov 26 15:11:44 host app: x', 'error')
  check('<190>x', 'info')
})

test('common beginnings', () => {
  check('2026-11-26 15:11:44,123 WARN [main] com.example.App - x', 'warn')
  check('[2026-11-26] [error] [pid 1] x', 'error')
  check('ERROR: x', 'error')
  check('warning: unused variable', 'warn')
  check('2026/11/26 15:11:44 [notice] 1#1: start', 'info')
  check('15:11:44 | DEBUG    | x', 'debug')
  check('2026-11-26 15:11:44 UTC [1] FATAL:  x', 'fatal')
})

test('what says nothing', () => {
  check('no errors found in information desk', undefined)
  check('', undefined)
  check('GET /error/info 200', undefined)
  check('level=unheardof x', undefined)
})

test('fields come before texts, the first that speaks of a level counts', async () => {
  await checkRecord(
    { severity: 'Error', log: 'INFO x' },
    { severity: 'Error', log: 'INFO x', level: 'error' },
  )
  await checkRecord({ level: 30 }, { level: 'info' })
  await checkRecord({ level: 3 }, { level: 'error' })
  await checkRecord({ level: '6' }, { level: 'info' })
  await checkRecord({ log: { level: 'warn' } }, { log: { level: 'warn' }, level: 'warn' })
  await checkRecord({ 'log.level': 'warn' }, { 'log.level': 'warn', level: 'warn' })
  await checkRecord({ level: 'custom', msg: 'WARN x' }, { level: 'warn', msg: 'WARN x' })
  await checkRecord(
    { log: Buffer.from('ERROR x') },
    { log: new Uint8Array(Buffer.from('ERROR x')), level: 'error' },
  )
})

test('options choose where it looks and where it writes', async () => {
  const run = await runFilter(detectLevel, 'field: m.sev\nfields: [a]\ntexts: [b]')
  await run.input.deliver(batchOf('t', { a: 'x', b: 'WARN' }, { level: 'error' }))
  assert.deepEqual(run.records, [{ a: 'x', b: 'WARN', m: { sev: 'warn' } }, { level: 'error' }])
  assert.equal(run.metric('undetected_total'), 1)
  await run.stop()
})

test('a batch that says its levels well is passed on itself', async () => {
  const run = await runFilter(detectLevel)
  const batch = batchOf('t', { level: 'info' }, { level: 'error', log: 'x' }, { log: 'nothing' })
  assert.equal(run.filter.process(batch), batch)
  await run.stop()
})
