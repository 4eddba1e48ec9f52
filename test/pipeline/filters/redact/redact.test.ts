import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passesLuhn } from '../../../../src/pipeline/filters/redact/finders.ts'
import { redact } from '../../../../src/pipeline/filters/redact/index.ts'
import { runFilter } from '../../../drivers/run-filter.ts'
import { batchOf } from '../../../support/entries.ts'

async function check(options: string, record: object, expected: object): Promise<void> {
  const run = await runFilter(redact, `replacement: "#"\n${options}`)
  await run.input.deliver(batchOf('t', record))
  assert.deepEqual(run.records, [expected])
  await run.stop()
}

async function checkText(builtin: string, text: string, expected: string): Promise<void> {
  await check(`builtins: [${builtin}]`, { log: text }, { log: expected })
}

test('email', async () => {
  await checkText('email', 'from a.b+c@ex-ample.co.uk, to <x@y.de>', 'from #, to <#>')
  await checkText('email', 'user@localhost @home x@ @y.z', 'user@localhost @home x@ @y.z')
})

test('card numbers, with and without separators, only those that pass the check', async () => {
  await checkText('card', '4111111111111111', '#')
  await checkText('card', 'a 4111 1111-1111 1111 b', 'a # b')
  await checkText('card', 'amex 378282246310005, 4222222222222', 'amex #, #')
  await checkText(
    'card',
    '4111111111111112 1700000000000000000',
    '4111111111111112 1700000000000000000',
  )
  await checkText('card', '12 4111111111111111 2024', '12 # 2024')
  await checkText('card', '44111111111111111', '44111111111111111')
  assert(passesLuhn('79927398713') && !passesLuhn('79927398710'))
})

test('addresses of both versions, with a port or not', async () => {
  await checkText('ip', '10.0.0.1 and 192.168.1.7:8080.', '# and #:8080.')
  await checkText('ip', 'from fe80::1, [2001:db8::8a2e:370:7334]:443', 'from #, [#]:443')
  await checkText('ip', '::1 fe80:: ::ffff:1.2.3.4', '# # #')
  await checkText(
    'ip',
    '12:30:45 1.2.3 std::vector a.b.c 1.2.3.4.5 256.1.1.1',
    '12:30:45 1.2.3 std::vector a.b.c 1.2.3.4.5 256.1.1.1',
  )
})

test('tokens', async () => {
  await checkText('token', 'Authorization: Bearer abcdef123456==', 'Authorization: Bearer #')
  await checkText('token', 'basic dXNlcjpwYXNz', 'basic #')
  await checkText('token', 'x=eyJhbGci.eyJzdWIi.c2ln y', 'x=# y')
  await checkText('token', 'Authorization: Basic YTpi', 'Authorization: Basic #')
  await checkText('token', '"authorization": "bearer a", b', '"authorization": "bearer #", b')
  await checkText('token', 'with basic auth', 'with basic auth')
  await checkText('token', 'the bearer of bad news', 'the bearer of bad news')
})

test('patterns cover what they find, or their groups', async () => {
  const pattern = `patterns: ['password=(\\S+)', '(?i)secret']`
  await check(pattern, { log: 'password=x1 SECRET' }, { log: 'password=# #' })
  await check(`patterns: ['(a)(b)?(a)']`, { log: 'aa aba' }, { log: '## ###' })
})

test('a group is covered where it is, also if its text stands before it', async () => {
  const pattern = `patterns: ['password=(\\S+)']`
  await check(pattern, { log: 'password=word.' }, { log: 'password=#' })
  await check(pattern, { log: 'password=pass' }, { log: '#word=#' })
  await check(`patterns: ['a(aa)']`, { log: 'aaa' }, { log: '#' })
  const long = 'a'.repeat(100_000)
  await check(`patterns: ['(a+)b(a+)']`, { log: `${long}ba x` }, { log: '# x' })
})

test('looks into maps, lists and bin, but not at names', async () => {
  const record = { 'a@b.de': ['a@b.de', { x: Buffer.from('a@b.de') }], n: 5 }
  await check('builtins: [email]', record, { 'a@b.de': ['#', { x: '#' }], n: 5 })
})

test('only in fields, if some are named', async () => {
  const record = { a: 'a@b.de', m: { b: ['a@b.de'] }, c: 'a@b.de' }
  const expected = { a: 'a@b.de', m: { b: ['#'] }, c: '#' }
  await check('builtins: [email]\nfields: [m.b, c, d]', record, expected)
})

test('a hash tells values apart without showing them', async () => {
  const run = await runFilter(redact, 'builtins: [email]\nhash_key: k')
  await run.input.deliver(batchOf('t', { log: 'a@b.de c@d.de a@b.de' }))
  const [one, two, three] = String(run.records[0]!['log']).split(' ')
  assert.match(one!, /^[0-9a-f]{16}$/)
  assert.equal(one, three)
  assert.notEqual(one, two)
  await run.stop()
})

test('a text that is too long, or has too much to cover, is covered as a whole', async () => {
  const long = `a@b.de ${'x'.repeat(2000)}`
  await check('builtins: [email]\nvalue_max: 1KiB', { a: long, b: 'ok' }, { a: '#', b: 'ok' })
  await check('builtins: [email]', { a: 'a@b.de '.repeat(1001) }, { a: '#' })
})

test('a batch with nothing to cover is passed on itself; what is covered is counted', async () => {
  const run = await runFilter(redact, 'builtins: [email, card, ip, token]')
  const batch = batchOf('t', { log: 'nothing 12:30 here' })
  assert.equal(run.filter.process(batch), batch)
  await run.input.deliver(batchOf('t', { log: 'a@b.de 10.0.0.1' }, { log: 'x' }))
  assert.deepEqual(run.records, [{ log: '[redacted] [redacted]' }, { log: 'x' }])
  assert.equal(run.metric('redacted_total'), 2)
  await run.stop()
})

test('without something to cover it is a mistake', () => {
  const faults = redact.faults!({ builtins: [], patterns: [] } as never)
  assert.match(faults[0]!.message, /expected "builtins" or "patterns"/)
})
