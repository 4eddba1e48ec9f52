/** Names: what a template renders to, how values are encoded, and that none leaves the folder. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { patternsOverlap } from '../../../src/config/path-overlap.ts'
import { NAME_BYTES_MAX, PathTemplate } from '../../../src/outputs/file/path/path-template.ts'
import {
  encodeValue,
  hashesIn,
  shortenEncoded,
} from '../../../src/outputs/file/path/value-encoding.ts'
import { findFaults } from '../../../src/outputs/file/schema.ts'
import { Zone } from '../../../src/codecs/time/zone.ts'
import { batchOf, entriesOf, encodeEntry } from '../../support/entries.ts'
import { fileConfig, names, runFile, temporaryFolder } from './setup.ts'

const AT = Date.parse('2026-11-21T08:50:07.123Z')
const anyTag = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '@', '\0', ':', 'a', 'é', '😀', '~') }),
  fc.constantFrom('', '.', '..', '../x', '/etc/passwd', 'a/../../b', '%2F', '%empty', '%~', '@'),
)

/** The way back that the guide promises: as any URL, but for the empty value. */
function decodeValue(encoded: string): string {
  return encoded === '%empty' ? '' : decodeURIComponent(encoded)
}

function rendered(template: string, tag: string, zone = 'UTC', fields: string[] = []) {
  const path = new PathTemplate(template)
  return path.render({ tag, utcMs: AT, fields }, new Zone(zone)).slice(path.root.length + 1)
}

describe('values', () => {
  const cases: [string, string][] = [
    ['docker.web1', 'docker.web1'],
    ['', '%empty'],
    ['.', '%2E'],
    ['..', '%2E.'],
    ['.hidden', '%2Ehidden'],
    ['a.b.', 'a.b.'],
    ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'],
    ['C:\\x', 'C%3A%5Cx'],
    ['100%', '100%25'],
    ['user@host', 'user%40host'],
    ['a\0b\nc\x7f', 'a%00b%0Ac%7F'],
    ['größe 😀', 'größe 😀'],
    ['a\u202eb', 'a%E2%80%AEb'],
    ['%empty', '%25empty'],
  ]
  for (const [value, encoded] of cases)
    test(`${JSON.stringify(value)} becomes ${encoded}`, () => {
      assert.equal(encodeValue(value), encoded)
      assert.equal(decodeValue(encoded), value)
    })

  test('any value can be read back and is one name', () => {
    fc.assert(
      fc.property(anyTag, (value) => {
        const encoded = encodeValue(value)
        assert.equal(decodeValue(encoded), value)
        assert.doesNotMatch(encoded, /[/\\\0@]|^\.|^$/)
      }),
    )
  })

  test('a long value keeps its beginning, differs by all of it and fits', () => {
    const [one, other] = ['x'.repeat(300) + '1', 'x'.repeat(300) + '2'].map((value) =>
      shortenEncoded(encodeValue(value), 100),
    )
    assert.match(one!, /^x{66}%~[0-9a-f]{32}$/)
    assert.notEqual(one, other)
    assert.equal(hashesIn(one!).length, 1)
    const multibyte = shortenEncoded('é'.repeat(80), 101)
    assert.match(multibyte, /^é{33}%~[0-9a-f]{32}$/)
    assert.match(shortenEncoded('%2F'.repeat(80), 100), /^(%2F){22}%~[0-9a-f]{32}$/)
    assert.equal(shortenEncoded('é'.repeat(50), 100), 'é'.repeat(50))
  })
})

describe('templates', () => {
  const cases: [string, string, string][] = [
    ['./logs/${tag}.log', 'docker.web1', 'docker.web1.log'],
    ['./logs/${tag[0]}/${tag[1]}.log', 'docker.web1', 'docker/web1.log'],
    ['./logs/${tag[-1]}.log', 'a.b.c', 'c.log'],
    ['./logs/${tag[1..]}.log', 'a.b.c', 'b.c.log'],
    ['./logs/${tag[3]}-${tag[3..]}.log', 'a.b.c', 'unknown-unknown.log'],
    ['./logs/all.log', 'a', 'all.log'],
    ['./logs-%%.log', 'a', 'logs-%.log'],
    ['./logs/%Y/%m/%d-%H%M%S.log', 'a', '2026/11/21-085007.log'],
    ['./%F_%j_%G-W%V_%a%A%b%B_%I', 'a', '2026-11-21_325_2026-W47_SatSaturdayNovNovember_08'],
    ['./%p_%u%w_%y_%s_%z', 'a', 'AM_66_26_1795251007_+0000'],
    ['./x${tag}/y', '.', 'x%2E/y'],
  ]
  for (const [template, tag, expected] of cases)
    test(`${template} of ${tag} is ${expected}`, () => {
      assert.equal(rendered(template, tag), expected)
    })

  test('times are those of the zone', () => {
    assert.equal(rendered('./%F-%H%M%z.log', 'a', 'Asia/Kolkata'), '2026-11-21-1420+0530.log')
    assert.equal(rendered('./%F-%H%M%z.log', 'a', 'America/New_York'), '2026-11-21-0350-0500.log')
  })

  test('no tag and no field leaves the root or makes a name that is too long', () => {
    const template = new PathTemplate('./logs/${tag[0]}/${$.a}/${tag}-%Y${$.b}.log')
    fc.assert(
      fc.property(anyTag, anyTag, anyTag, (tag, a, b) => {
        const path = template.render({ tag, utcMs: AT, fields: [a, b] }, new Zone('UTC'))
        assert.equal(resolve(path), path)
        assert.ok(path.startsWith(template.root + sep))
        const parts = path.slice(template.root.length + 1).split(sep)
        assert.equal(parts.length, 3)
        for (const part of parts) assert.ok(Buffer.byteLength(part) <= NAME_BYTES_MAX)
        assert.ok(template.components.at(-1)!.pattern.test(basename(path)))
      }),
    )
  })

  test('two tags never share a path', () => {
    const template = new PathTemplate('./logs/${tag}.log')
    const path = (tag: string) => template.render({ tag, utcMs: AT, fields: [] }, new Zone('UTC'))
    fc.assert(
      fc.property(anyTag, anyTag, (one, other) => {
        assert.equal(path(one) === path(other), one === other)
      }),
    )
  })

  test('knows root, extension and claim', () => {
    const check = (text: string, root: string, extension: string, claim: string) => {
      const template = new PathTemplate(text)
      assert.deepEqual(
        [template.root, template.extension, template.claim],
        [resolve(root), extension, join(resolve(root), claim)],
      )
    }
    check('./logs/${tag}.log', './logs', '.log', '*.log')
    check('./logs/${tag}', './logs', '', '*')
    check('/x.json', '/', '.json', 'x.json')
    check('a/.hidden', 'a', '', '.hidden')
    check('a/%Y/x.%d', 'a', '', '*/x.*')
    check('a/${tag}.tar.gz', 'a', '.gz', '*.tar.gz')
  })
})

describe('faults', () => {
  const check = (options: object, ...expected: [string, RegExp][]) => {
    const faults = findFaults(fileConfig(options))
    assert.equal(faults.length, expected.length, JSON.stringify(faults))
    for (const [index, [path, message]] of expected.entries()) {
      assert.equal(faults[index]!.path.join('.'), path)
      assert.match(faults[index]!.message, message)
    }
  }
  const path = './logs/${tag}.log'

  test('a template says what it cannot read', () => {
    check({ path })
    check({ path: './logs/${tga}.log' }, ['path', /cannot read \$\{tga\}: expected \$\{tag\}/])
    check({ path: './logs/${tag.log' }, ['path', /without its \}/])
    check({ path: './logs/${tag}.%Q' }, ['path', /cannot read %Q: expected %Y/])
    check({ path: './logs/${tag}/' }, ['path', /expected the name of a file/])
    check({ path: './logs/${tag}/../x.log' }, ['path', /expected the name of a file/])
    check({ path: './logs/x@${tag}.log' }, ['path', /kept for the names of rotated files/])
    check({ path: `./logs/${'x'.repeat(200)}\${tag}` }, ['path', /215 bytes at most/])
    check({ path: './logs/${$.}.log' }, ['path', /cannot read \$\{\$\.\}/])
  })

  test('everything wrong is said at once', () => {
    check(
      { path, timezone: 'Mars', rotate: { every: '10ms' }, compress: 'gzip', compress_level: 12 },
      ['timezone', /IANA/],
      ['rotate.every', /1s or more/],
      ['compress_level', /1 to 9/],
    )
  })

  test('a symlink must not be a path that a tag could have', () => {
    check({ path, symlink: './logs/${tag}.current' })
    check({ path, symlink: './logs/current-${tag}.log' }, ['symlink', /another tag/])
    check({ path, symlink: './links/${tag}-%Y' }, ['symlink', /placeholders of the tag only/])
  })

  test('patterns overlap when one path fits both', () => {
    const overlap = (one: string, other: string, expected: boolean) => {
      assert.equal(patternsOverlap(one, other), expected, `${one} ${other}`)
      assert.equal(patternsOverlap(other, one), expected, `${other} ${one}`)
    }
    overlap('/a/*.log', '/a/errors.log', true)
    overlap('/a/*.log', '/a/b/errors.log', false)
    overlap('/a/*.log', '/a/x-*.log', true)
    overlap('/a/*.log', '/a/*.json', false)
    overlap('/a/*/x', '/a/b/*', true)
    overlap('/a/*x', '/a/y*', true)
    overlap('/a', '/a', true)
  })
})

describe('files', () => {
  test('hostile tags stay below the folder, and a long one can be looked up', async (t) => {
    const folder = await temporaryFolder(t)
    const { write } = await runFile(t, folder, { path: 'logs/${tag}.log' })
    const long = 'long.'.repeat(60)
    for (const tag of ['../../up', '/abs', '.', '', 'a\0b', long])
      assert.equal(await write(tag, 'x'), 'delivered')
    assert.deepEqual(await names(folder), ['logs'])
    const files = await names(join(folder, 'logs'))
    const shortened = files.find((name) => name.startsWith('long.'))!
    assert.deepEqual(
      files.filter((name) => name !== shortened && name !== '.long-names'),
      ['%2E.%2F..%2Fup.log', '%2E.log', '%2Fabs.log', '%empty.log', 'a%00b.log'],
    )
    const note = join(folder, 'logs', '.long-names', `${hashesIn(shortened)[0]}.json`)
    const { tag, path } = JSON.parse(await readFile(note, 'utf8')) as Record<string, string>
    assert.deepEqual([tag, path], [long, shortened])
  })

  test('record fields and event times divide a batch into the files they name', async (t) => {
    const folder = await temporaryFolder(t)
    const path = "%H/${$.k8s.pod}-${$['a.b']}.log"
    const { output } = await runFile(t, folder, { path })
    const hour = Date.parse('2026-11-21T08:00:00Z') / 1000
    const entry = (seconds: number, record: object) => encodeEntry(seconds, 0, record)
    const one = { k8s: { pod: '/web' }, 'a.b': 7, log: '1' }
    const entries = Buffer.concat([
      entry(hour, one),
      entry(hour + 3599, { ...one, log: '2' }),
      entry(hour + 3600, { ...one, log: '3' }),
      entry(hour, { k8s: 'no map', 'a.b': true, log: '4' }),
      entry(hour, { ...one, log: '5' }),
    ])
    assert.equal(await output.deliver({ tag: 't', entries, count: 5 }), 'delivered')
    const logs = async (name: string) =>
      (await readFile(join(folder, name), 'utf8')).match(/(?<="log":")\d/g)?.join('')
    assert.equal(await logs('08/%2Fweb-7.log'), '125')
    assert.equal(await logs('09/%2Fweb-7.log'), '3')
    assert.equal(await logs('08/unknown-true.log'), '4')
    assert.deepEqual(await names(folder), ['08', '09'])
  })

  test('arrival time follows the clock', async (t) => {
    const folder = await temporaryFolder(t)
    const options = { path: '%H%M.log', time: 'arrival', timezone: 'Europe/Berlin' }
    const { output, time } = await runFile(t, folder, options)
    await output.deliver({ ...batchOf('t', { log: 'x' }), entries: entriesOf([{ log: 'x' }]) })
    time.advance(60_000)
    await output.deliver(batchOf('t', { log: 'x' }))
    assert.deepEqual(await names(folder), ['0950.log', '0951.log'])
    assert.equal(dirname(join(folder, '0950.log')), folder)
  })
})
