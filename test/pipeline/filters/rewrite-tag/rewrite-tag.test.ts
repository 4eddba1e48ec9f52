import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewriteTag } from '../../../../src/pipeline/filters/rewrite-tag/index.ts'
import { runFilter, type FilterRun } from '../../../drivers/run-filter.ts'
import { batchOf, decodeEntries } from '../../../support/entries.ts'

function found(run: FilterRun): [string, unknown[]][] {
  return run.batches.map(({ tag, entries }) => [
    tag,
    decodeEntries(entries).map(({ record }) => record['n']),
  ])
}

test('one batch for each tag, its events in their order', async () => {
  const run = await runFilter(rewriteTag, 'rules: [{ if: exists(app), tag: "app.${$.app}" }]')
  const mixed = [{ n: 1, app: 'a' }, { n: 2 }, { n: 3, app: 'b' }, { n: 4, app: 'a' }, { n: 5 }]
  assert.equal(await run.input.deliver(batchOf('docker', ...mixed)), 'delivered')
  assert.deepEqual(found(run), [
    ['app.a', [1, 4]],
    ['docker', [2, 5]],
    ['app.b', [3]],
  ])
  const { tags, total, balanced } = run.ledger.snapshot()
  assert.deepEqual([tags['app.a']?.['delivered'], tags['docker']?.['delivered']], [2, 2])
  assert.deepEqual([total['received'], total['delivered'], balanced], [5, 5, true])
  await run.stop()
})

test('the first rule that fits counts; groups have numbers and names', async () => {
  const yaml = `rules:
  - { field: log, pattern: '^(?<app>\\w+)\\[(\\d+)\\]', tag: '\${tag}.\${app}.\${2}' }
  - { pattern: '^docker\\.(.+)', tag: 'd.\${1}.\${tag[0]}' }`
  const run = await runFilter(rewriteTag, yaml)
  await run.input.deliver(batchOf('docker.x', { n: 1, log: 'sshd[12]: hi' }, { n: 2, log: '' }))
  await run.input.deliver(batchOf('other', { n: 3 }))
  assert.deepEqual(found(run), [
    ['docker.x.sshd.12', [1]],
    ['d.x.docker', [2]],
    ['other', [3]],
  ])
  await run.stop()
})

test('a batch that keeps its tag is passed on itself', async () => {
  const run = await runFilter(rewriteTag, 'rules: [{ if: n == 9, tag: x }]')
  const batch = batchOf('t', { n: 1 }, { n: 2 })
  assert.equal(run.filter.process(batch), batch)
  await run.stop()
})

test('one retry brings the whole batch again', async () => {
  const yaml = 'rules: [{ if: n == 2, tag: x }]'
  const run = await runFilter(rewriteTag, yaml, { outcomes: ['delivered', 'retry'] })
  const batch = batchOf('t', { n: 1 }, { n: 2 })
  assert.equal(await run.input.deliver(batch), 'retry')
  assert.equal(await run.input.deliver(batch), 'delivered')
  assert.deepEqual(found(run), [
    ['t', [1]],
    ['t', [1]],
    ['x', [2]],
  ])
  await run.stop()
})

test('what one rejects, others may have delivered', async () => {
  const yaml = 'rules: [{ if: n == 2, tag: x }]'
  const run = await runFilter(rewriteTag, yaml, { outcomes: ['rejected', 'delivered'] })
  assert.equal(await run.input.deliver(batchOf('t', { n: 1 }, { n: 2 })), 'delivered')
  assert.equal(run.ledger.snapshot().total['rejected'], 1)
  await run.stop()
})

test('a tag that is too long or empty is not taken', async () => {
  const run = await runFilter(rewriteTag, `rules: [{ tag: '\${$.a}' }]`)
  await run.input.deliver(
    batchOf('t', { n: 1, a: 'x'.repeat(2000) }, { n: 2, a: '' }, { n: 3, a: 'y' }),
  )
  assert.deepEqual(found(run), [
    ['t', [1, 2]],
    ['y', [3]],
  ])
  assert.equal(run.metric('refused_tags_total'), 2)
  await run.stop()
})

test('says what is wrong with a rule', () => {
  const faults = (rule: object) => rewriteTag.faults!({ rules: [rule as { tag: string }] })
  assert.match(faults({ tag: '${1}' })[0]!.message, /cannot read \$\{1\}/)
  assert.match(faults({ field: 'a', tag: 'x' })[0]!.message, /"field" without "pattern"/)
  assert.deepEqual(faults({ field: 'a', pattern: '(?<b>x)', tag: '${b}${1}${0}' }), [])
})
