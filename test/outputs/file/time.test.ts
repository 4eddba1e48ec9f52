/** The clock's boundaries in a zone, also where it is moved; rotated names. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseRotatedName, rotatedPath } from '../../../src/outputs/file/rotated/rotated-name.ts'
import { isZone, Zone } from '../../../src/codecs/time/zone.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('boundaries', () => {
  const check = (zone: string, every: number, from: string, expected: string) => {
    const next = new Zone(zone).nextBoundary(Date.parse(from), every)
    assert.equal(new Date(next).toISOString(), new Date(expected).toISOString())
  }

  test('in UTC they are multiples', () => {
    check('UTC', HOUR, '2026-11-21T08:50:00Z', '2026-11-21T09:00:00Z')
    check('UTC', HOUR, '2026-11-21T09:00:00Z', '2026-11-21T10:00:00Z')
    check('UTC', DAY, '2026-11-21T08:50:00Z', '2026-11-22T00:00:00Z')
    check('UTC', 7 * DAY, '2026-11-21T08:50:00Z', '2026-11-23T00:00:00Z')
    check('UTC', 15 * 60_000, '2026-11-21T08:50:00Z', '2026-11-21T09:00:00Z')
  })

  test('a zone has its own midnight and hours', () => {
    check('Europe/Berlin', DAY, '2026-11-21T22:59:59Z', '2026-11-21T23:00:00Z')
    check('Asia/Kolkata', HOUR, '2026-11-21T08:50:00Z', '2026-11-21T09:30:00Z')
    check('Asia/Kolkata', DAY, '2026-11-21T08:50:00Z', '2026-11-21T18:30:00Z')
    check('America/New_York', 7 * DAY, '2026-11-21T08:50:00Z', '2026-11-23T05:00:00Z')
  })

  test('the day the clock goes forward has 23 hours', () => {
    check('Europe/Berlin', DAY, '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')
    check('Europe/Berlin', HOUR, '2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z')
    check('Europe/Berlin', 6 * HOUR, '2026-03-29T00:30:00Z', '2026-03-29T04:00:00Z')
  })

  test('the day it goes back has 25, and the doubled hour is two', () => {
    check('Europe/Berlin', DAY, '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')
    check('Europe/Berlin', HOUR, '2026-10-25T00:30:00Z', '2026-10-25T01:00:00Z')
    check('Europe/Berlin', HOUR, '2026-10-25T01:30:00Z', '2026-10-25T02:00:00Z')
  })

  test('a midnight that is left out counts when it has been jumped over', () => {
    check('America/Havana', DAY, '2026-03-08T03:30:00Z', '2026-03-08T05:00:00Z')
    check('America/Havana', DAY, '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z')
  })

  test('the next one is always ahead and no further than a step and an hour', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/Havana',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ]
    const cached = new Map(zones.map((name) => [name, new Zone(name)]))
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2030-01-01') }),
        fc.constantFrom(HOUR, 6 * HOUR, DAY, 7 * DAY),
        (name, at, every) => {
          const next = cached.get(name)!.nextBoundary(at, every)
          assert.ok(next > at, `${next} is not after ${at}`)
          assert.ok(next - at <= every + HOUR)
        },
      ),
    )
  })

  test('zones are known by name', () => {
    assert.deepEqual(['UTC', 'Europe/Berlin', 'Mars', ''].map(isZone), [true, true, false, false])
  })
})

test('rotated names say what they were, and other names are not theirs', () => {
  const at = Date.parse('2026-11-21T08:50:00.123Z')
  assert.equal(rotatedPath('/l/a.b.log', '.log', at), '/l/a.b@2026-11-21T08-50-00.123Z.log')
  assert.equal(rotatedPath('/l/a.b', '', at), '/l/a.b@2026-11-21T08-50-00.123Z')
  const parsed = {
    activeName: 'a.b.log',
    rotatedAtMs: at,
    isCompressed: false,
    isUnfinished: false,
  }
  const parse = (name: string) => parseRotatedName(name, '.log')
  assert.deepEqual(parse('a.b@2026-11-21T08-50-00.123Z.log'), parsed)
  assert.deepEqual(parse('a.b@2026-11-21T08-50-00.123Z.log.zst'), { ...parsed, isCompressed: true })
  assert.deepEqual(parse('a.b@2026-11-21T08-50-00.123Z.log.gz.tmp'), {
    ...parsed,
    isCompressed: true,
    isUnfinished: true,
  })
  for (const name of [
    'a.b.log',
    'a.b@2026-11-21.log',
    'a@b@2026-11-21T08-50-00.123Z.log',
    '@2026-11-21T08-50-00.123Z.log',
    'a.b@2026-11-21T08-50-00.123Z.txt',
    'a.b@2026-11-21T08-50-00.123Z.log.bz2',
    'a.b@2026-11-21T08-50-00.123Z.log.tmp',
    'a.b@2026-19-21T08-50-00.123Z.log',
    'a.b@2026-11-21T08-50-00.123Z.log.torn',
  ])
    assert.equal(parse(name), undefined, name)
})
