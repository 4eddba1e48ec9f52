/** What is compressed is decompressed once, whatever it is called. */
import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { footOf, headOf } from '../../../../src/inputs/support/following/identity.ts'
import { SeenContents } from '../../../../src/inputs/support/following/seen-contents.ts'
import { statOrNull } from '../../../../src/inputs/support/following/siblings.ts'

const text = Buffer.from('a line of a log that was rotated\n'.repeat(1000))

function folderWith(t: TestContext, name: string, bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'logboom-seen-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, name), bytes)
  return folder
}

test('a compressed file is looked into once, also under another name', async (t) => {
  const folder = folderWith(t, 'a.log.1.gz', gzipSync(text))
  const [before, after] = [join(folder, 'a.log.1.gz'), join(folder, 'a.log.2.gz')]
  const seen = new SeenContents()
  const stat = (await statOrNull(before))!
  const first = await seen.of(before, stat)
  const print = { head: headOf(text), foot: footOf(text, text.length) }
  assert.equal(await first.likenessTo(print), 'same')
  renameSync(before, after)
  seen.keepOnly([{ stat }])
  const second = await seen.of(after, stat)
  assert.equal(second.beginning, first.beginning)
  assert.equal(second.path, after)
  rmSync(after)
  assert.equal(await second.likenessTo(print), 'same')
  seen.keepOnly([])
  await assert.rejects(seen.of(after, stat), { code: 'ENOENT' })
})

test('a plain file is looked into each time: it may be written to', async (t) => {
  const folder = folderWith(t, 'a.log', text)
  const path = join(folder, 'a.log')
  const seen = new SeenContents()
  const stat = (await statOrNull(path))!
  const first = await seen.of(path, stat)
  assert.notEqual((await seen.of(path, stat)).beginning, first.beginning)
})
