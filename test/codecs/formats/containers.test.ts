/** The lines that Docker and container runtimes keep on disk. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CriFormat } from '../../../src/codecs/formats/cri.ts'
import { DockerFormat } from '../../../src/codecs/formats/docker.ts'
import type { LineFormat } from '../../../src/codecs/formats/format.ts'
import { checkGarbage, parseLine } from './setup.ts'

interface Expected {
  readonly record: object
  readonly time?: string
  readonly isPartial?: boolean
}

function check(format: LineFormat, line: string, expected: Expected | string): void {
  const shown = parseLine(format, line)
  if (typeof shown === 'string' || typeof expected === 'string')
    return assert.deepEqual(shown, expected, line)
  const { record, time = '1795251000.123456789', isPartial = false } = expected
  assert.deepEqual(shown.record, record, line)
  assert.deepEqual([shown.time, shown.isPartial], [time, isPartial], line)
}

describe('docker', () => {
  const format = new DockerFormat()
  const time = '"time":"2026-11-21T08:50:00.123456789Z"'

  test('the text without its line end, and the time', () => {
    check(format, `{"log":"hello\\n","stream":"stdout",${time}}`, {
      record: { log: 'hello', stream: 'stdout' },
    })
    check(format, `{${time},"log":"\\n","stream":"stderr"}`, {
      record: { log: '', stream: 'stderr' },
    })
    check(format, `{"log":"a\\u003cb\\n","stream":"stdout","attrs":{"tag":"x"},${time}}`, {
      record: { log: 'a<b', stream: 'stdout', attrs: { tag: 'x' } },
    })
  })

  test('around each length at which the header of a text grows', () => {
    for (const length of [30, 31, 32, 33, 254, 255, 256, 257, 65_534, 65_535, 65_536, 65_537]) {
      const text = 'x'.repeat(length)
      check(format, `{"log":"${text}\\n","stream":"stdout",${time}}`, {
        record: { log: text, stream: 'stdout' },
      })
    }
  })

  test('a part has no line end', () => {
    check(format, `{"log":"hel","stream":"stdout",${time}}`, {
      record: { log: 'hel', stream: 'stdout' },
      isPartial: true,
    })
    check(format, `{"log":"",${time}}`, { record: { log: '' }, isPartial: true })
  })

  test('a time that is none stays', () => {
    check(format, '{"log":"x\\n","time":"soon"}', { record: { log: 'x', time: 'soon' }, time: '' })
    check(format, '{"log":"x\\n","time":5}', { record: { log: 'x', time: 5 }, time: '' })
    check(format, '{"log":"x\\n"}', { record: { log: 'x' }, time: '' })
    check(format, '{"log":"x\\n","time":"1969-12-31T23:59:59Z"}', {
      record: { log: 'x', time: '1969-12-31T23:59:59Z' },
      time: '',
    })
  })

  test('what it refuses', () => {
    check(format, '{"stream":"stdout"}', 'not_docker at 0')
    check(format, '{"log":5}', 'not_docker at 0')
    check(format, 'hello', 'not_an_object at 0')
    check(format, '{"log":"x\\n","str', 'invalid_json at 17')
  })

  test('garbage', () => checkGarbage(format, [`{"log":"hello\\n","stream":"stdout",${time}}`]))
})

describe('cri', () => {
  const format = new CriFormat()
  const time = '2026-11-21T08:50:00.123456789Z'

  test('time, stream, tags and text', () => {
    check(format, `${time} stdout F hello  there `, {
      record: { stream: 'stdout', log: 'hello  there ' },
    })
    check(format, `${time} stderr P hel`, {
      record: { stream: 'stderr', log: 'hel' },
      isPartial: true,
    })
    check(format, `${time} stdout F:x:y z`, { record: { stream: 'stdout', log: 'z' } })
    check(format, `${time} stdout F `, { record: { stream: 'stdout', log: '' } })
    check(format, `${time} stdout F`, { record: { stream: 'stdout', log: '' } })
    check(format, '2026-11-21T09:50:00.123456789+01:00 stdout F x', {
      record: { stream: 'stdout', log: 'x' },
    })
  })

  test('what it refuses', () => {
    check(format, '', 'not_cri at 0')
    check(format, 'hello', 'not_cri at 0')
    check(format, `${time}`, 'not_cri at 0')
    check(format, `${time} stdout`, 'not_cri at 37')
    check(format, `${time} stdout X y`, 'not_cri at 38')
    check(format, `${time} stdout Fx y`, 'not_cri at 38')
    check(format, `2026-11-21T08:50:00 stdout F x`, 'not_cri at 0')
    check(format, '1969-12-31T23:59:59Z stdout F x', 'not_cri at 0')
  })

  test('garbage', () => checkGarbage(format, [`${time} stdout F hello`, `${time} stderr P:a x`]))
})
