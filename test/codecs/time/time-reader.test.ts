/** Times in lines: RFC 3339, numbers, formats with directives, zones, and the year left out. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TimeFormatError } from '../../../src/codecs/time/strptime.ts'
import { timeReader } from '../../../src/codecs/time/time-reader.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'

interface Options {
  readonly zone?: string
  readonly now?: string
}

/** The time as ISO text with nine digits, or `none`. */
function read(format: string, text: string | Uint8Array, options: Options = {}): string {
  const { zone = 'UTC', now = '2026-11-21T08:50:00Z' } = options
  const reader = timeReader(format, { zone: new Zone(zone), now: () => Date.parse(now) })
  const bytes = Buffer.concat([Buffer.from('99'), Buffer.from(text), Buffer.from('99')])
  const into = { seconds: 0, nanoseconds: 0 }
  if (!reader.read(bytes, 2, bytes.length - 2, into)) return 'none'
  const seconds = new Date(into.seconds * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(into.nanoseconds).padStart(9, '0')}`
}

const checkWith =
  (format: string, options?: Options) =>
  (text: string, expected: string): void => {
    const whole = expected.length === 19 ? `${expected}.000000000` : expected
    assert.equal(read(format, text, options), whole, text)
  }

describe('RFC 3339', () => {
  const check = checkWith('rfc3339', { zone: 'Europe/Berlin' })

  test('whole and with fractions', () => {
    check('2026-11-21T08:50:00Z', '2026-11-21T08:50:00')
    check('2026-11-21T08:50:00.123456789Z', '2026-11-21T08:50:00.123456789')
    check('2026-11-21T08:50:00.5Z', '2026-11-21T08:50:00.500000000')
    check('2026-11-21T08:50:00.1234567891Z', '2026-11-21T08:50:00.123456789')
    check('2024-02-29T23:59:60Z', '2024-03-01T00:00:00')
  })

  test('offsets and zones', () => {
    check('2026-11-21T08:50:00+02:00', '2026-11-21T06:50:00')
    check('2026-11-21T08:50:00-0330', '2026-11-21T12:20:00')
    check('2026-11-21T08:50:00+02', '2026-11-21T06:50:00')
    check('2026-11-21T08:50:00', '2026-11-21T07:50:00')
    check('2026-07-21 08:50:00,25', '2026-07-21T06:50:00.250000000')
  })

  test('small letters and other separators', () => {
    check('2026-11-21t08:50:00z', '2026-11-21T08:50:00')
    check('2026-11-21_08:50:00Z', '2026-11-21T08:50:00')
  })

  test('what is none', () => {
    for (const text of [
      '',
      '2026-11-21',
      '2026-11-21T08:50Z',
      '2026-11-21T08:50:00.Z',
      '2026-11-21T08:50:00 Z',
      '2026-02-29T08:50:00Z',
      '2026-13-01T08:50:00Z',
      '2026-00-01T08:50:00Z',
      '2026-11-31T08:50:00Z',
      '2026-11-21T24:00:00Z',
      '2026-11-21T08:60:00Z',
      '2026-11-21T08:50:61Z',
      '2026-11-21T08:50:00+24:00',
      '2026-11-21T08:50:00+02:60',
      '2026/11/21T08:50:00Z',
      'x026-11-21T08:50:00Z',
      '2026-11-21T08:50:00Zx',
    ])
      check(text, 'none')
  })
})

describe('numbers', () => {
  test('with a unit', () => {
    checkWith('unix')('1795251000', '2026-11-21T08:50:00')
    checkWith('unix')('1795251000.000000001', '2026-11-21T08:50:00.000000001')
    checkWith('unix_ms')('1795251000123', '2026-11-21T08:50:00.123000000')
    checkWith('unix_ms')('1795251000123.25', '2026-11-21T08:50:00.123250000')
    checkWith('unix_ms')('5', '1970-01-01T00:00:00.005000000')
    checkWith('unix_us')('1795251000123456', '2026-11-21T08:50:00.123456000')
    checkWith('unix_ns')('1795251000123456789', '2026-11-21T08:50:00.123456789')
    for (const text of ['', 'x', '-1', '1.', '1e9', '1795251000x', '999999999999'])
      checkWith('unix')(text, 'none')
  })

  test('of which the length tells the unit', () => {
    const check = checkWith('auto')
    check('1795251000', '2026-11-21T08:50:00')
    check('1795251000.5', '2026-11-21T08:50:00.500000000')
    check('1795251000123', '2026-11-21T08:50:00.123000000')
    check('1795251000123456', '2026-11-21T08:50:00.123456000')
    check('1795251000123456789', '2026-11-21T08:50:00.123456789')
    check('2026-11-21T08:50:00Z', '2026-11-21T08:50:00')
    check('soon', 'none')
  })
})

describe('formats with directives', () => {
  test('as they are met in logs', () => {
    checkWith('%d/%b/%Y:%H:%M:%S %z')('21/Nov/2026:08:50:00 +0100', '2026-11-21T07:50:00')
    checkWith('%Y-%m-%dT%H:%M:%S.%N%z')(
      '2026-11-21T08:50:00.123456789Z',
      '2026-11-21T08:50:00.123456789',
    )
    checkWith('%F %T,%L')('2026-11-21 08:50:00,123', '2026-11-21T08:50:00.123000000')
    checkWith('%a %b %d %H:%M:%S.%f %Y')(
      'Sat Nov 21 08:50:00.123456 2026',
      '2026-11-21T08:50:00.123456000',
    )
    checkWith('%A, %B %e %Y %I:%M %p')('Saturday, november  1 2026 12:05 am', '2026-11-01T00:05:00')
    checkWith('%m/%d/%y %l:%M:%S %P')('1/2/70  1:02:03 pm', '1970-01-02T13:02:03')
    checkWith('%y%j')('26325', '2026-11-21T00:00:00')
    checkWith('%s.%N')('1795251000.5', '2026-11-21T08:50:00.500000000')
    checkWith('%Q')('1795251000123', '2026-11-21T08:50:00.123000000')
    checkWith('%c %Z')('Sat Nov 21 08:50:00 2026 CET', '2026-11-21T07:50:00')
    checkWith('%D%t%R')('11/21/26   08:50', '2026-11-21T08:50:00')
    checkWith('100%% %-d.%-m.%Y ü')('100% 1.2.2026 ü', '2026-02-01T00:00:00')
    checkWith('%Y')('2026', '2026-01-01T00:00:00')
  })

  test('what does not fit', () => {
    const check = checkWith('%d/%b/%Y:%H:%M:%S %z')
    for (const text of [
      '',
      '21/Nov/2026:08:50:00',
      '21/Nov/2026:08:50:00 +0100 ',
      '31/Nov/2026:08:50:00 +0100',
      '00/Nov/2026:08:50:00 +0100',
      '21/Nix/2026:08:50:00 +0100',
      '21/Nov/2026:24:50:00 +0100',
      '21/Nov/2026:08:50:00 XYZ',
    ])
      check(text, 'none')
    checkWith('%Y %j')('2026 366', 'none')
    checkWith('%p')('xm', 'none')
  })

  test('of a format that is none, the column is said', () => {
    const check = (format: string, column: number, part: RegExp) => {
      assert.throws(
        () => read(format, ''),
        (error) =>
          error instanceof TimeFormatError && error.column === column && part.test(error.message),
        format,
      )
    }
    check('%Y-%m-%O', 7, /cannot read %O at column 7: expected %Y/)
    check('%Y %', 4, /a % at the end at column 4/)
    check('iso', 1, /cannot read time format iso: expected auto, rfc3339, unix/)
  })
})

describe('the year and the day left out', () => {
  test('the nearest year is meant, in the zone of the sender', () => {
    const check = (text: string, now: string, expected: string, zone = 'UTC') =>
      checkWith('%b %d %H:%M:%S', { now, zone })(text, expected)
    check('Nov 21 08:50:00', '2026-11-21T08:50:00Z', '2026-11-21T08:50:00')
    check('Dec 31 23:59:59', '2027-01-01T00:00:01Z', '2026-12-31T23:59:59')
    check('Jan  1 00:00:01', '2026-12-31T23:59:59Z', '2027-01-01T00:00:01')
    check('Jan  1 09:00:01', '2026-12-31T23:59:59Z', '2027-01-01T00:00:01', 'Asia/Tokyo')
    check('Feb 29 12:00:00', '2025-01-01T00:00:00Z', '2024-02-29T12:00:00')
    check('Feb 29 12:00:00', '2026-07-01T00:00:00Z', 'none')
  })

  test('the nearest day is meant', () => {
    const check = (text: string, now: string, expected: string, zone = 'UTC') =>
      checkWith('%H:%M:%S', { now, zone })(text, expected)
    check('08:50:00', '2026-11-21T09:00:00Z', '2026-11-21T08:50:00')
    check('23:59:59', '2026-11-21T00:00:01Z', '2026-11-20T23:59:59')
    check('00:00:01', '2026-11-20T23:59:59Z', '2026-11-21T00:00:01')
    check('00:00:01', '2026-11-20T10:59:59Z', '2026-11-20T10:00:01', 'Pacific/Kiritimati')
  })
})

describe('zones', () => {
  test('where the clock is moved', () => {
    const check = checkWith('%F %T', { zone: 'Europe/Berlin' })
    check('2026-03-29 01:59:59', '2026-03-29T00:59:59')
    check('2026-03-29 03:00:00', '2026-03-29T01:00:00')
    // Jumped over: as much later as the clock was moved.
    check('2026-03-29 02:30:00', '2026-03-29T01:30:00')
    // Doubled: the first one.
    check('2026-10-25 02:30:00', '2026-10-25T00:30:00')
    check('2026-10-25 03:00:00', '2026-10-25T02:00:00')
    checkWith('%F %T', { zone: '+05:45' })('2026-10-25 05:45:00', '2026-10-25T00:00:00')
  })

  test('a time is read back from what the clock shows, or the doubled one before it', () => {
    const zones = ['Europe/Berlin', 'America/Havana', 'Australia/Lord_Howe', 'UTC', 'Asia/Kolkata']
    const known = new Map(zones.map((name) => [name, new Zone(name)]))
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 })
    fc.assert(
      fc.property(fc.constantFrom(...zones), seconds, (name, utc) => {
        const zone = known.get(name)!
        const offset = zone.offsetAt(utc * 1000) / 1000
        const read = utc + offset - zone.offsetOfWall(utc + offset)
        const shown = read + zone.offsetAt(read * 1000) / 1000
        assert.equal(shown, utc + offset)
        assert.ok(read <= utc && read >= utc - 7200)
      }),
      { numRuns: 300 },
    )
  })
})

test('every day is where Date has it', () => {
  const instant = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) })
  fc.assert(
    fc.property(instant, (ms) => {
      const text = new Date(ms).toISOString()
      assert.equal(read('rfc3339', text), `${text.slice(0, -1)}000000`)
      assert.equal(read('%Y-%m-%dT%H:%M:%S.%L%z', text), `${text.slice(0, -1)}000000`)
    }),
  )
})

test('no bytes are taken for a time that is none', () => {
  const formats = ['auto', '%d/%b/%Y:%H:%M:%S %z', '%b %e %T', '%a %p %I %Z %j %y']
  fc.assert(
    fc.property(fc.constantFrom(...formats), fc.uint8Array({ maxLength: 40 }), (format, bytes) => {
      const shown = read(format, bytes)
      assert.ok(shown === 'none' || /^\d{4}-.{21,}$/.test(shown), shown)
    }),
  )
})
