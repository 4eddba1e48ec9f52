import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import { fileAccess } from '../../../src/pipeline/files/file-access.ts'

const CANNOT_SYNC = '/proc'

test('a file system that cannot sync a folder is used all the same', async () => {
  const folder = await open(CANNOT_SYNC)
  await assert.rejects(folder.sync(), { code: 'EINVAL' })
  await folder.close()
  await fileAccess.syncFolder(CANNOT_SYNC)
})

test('a folder that is not there cannot be synced', async () => {
  await assert.rejects(fileAccess.syncFolder('/no such folder'), { code: 'ENOENT' })
})
