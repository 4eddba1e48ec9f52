/**
 * Somebody deletes the folder with the buffers while they are in use, and all that came waits in
 * them: it is put back, and the next process must find it there.
 */
import { mkdir, readdir, readlink, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../test/support/wait.ts'
import { bufferedFile, configWith } from '../harness/configs.ts'
import type { Scenario, World } from '../harness/scenario.ts'

const PUT_BACK_MS = 20_000

/** A folder where the output's file should be, so that nothing is delivered. */
const obstacle = ({ places }: World) => join(places.folder, 'logs', 'all.log')

export const dataRemoved: Scenario = {
  name: 'data-removed',
  summary: 'data_dir is deleted while much waits in it, then the collector is killed or stopped',
  config: (places) => {
    const output = bufferedFile('files', '100ms', { more: ', retry: { max_interval: 1s }' })
    return configWith(places, output.replace('${tag}', 'all'), 'files')
  },
  prepare: async (world) => void (await mkdir(obstacle(world), { recursive: true })),
  disturb: async (world) => {
    for (let round = 0; world.goesOn(round / 3); round++) {
      await world.untilAcknowledged(500)
      await world.pause(0, 1200)
      await removeData(world)
      world.disturbed()
      // A stop puts it back by itself.
      if (round % 3 === 0) await world.collector.stop()
      else await untilPutBack(world)
      if (round % 3 === 1) await world.collector.kill()
      if (!world.collector.isAlive) await world.collector.start()
    }
    await world.untilAcknowledged(500)
  },
  repair: (world) => rmdir(obstacle(world)),
}

/** Again when a buffer has made a file in the middle of it. */
function removeData({ places }: World): Promise<void> {
  const again = { maxRetries: 50, retryDelay: 1 }
  return rm(join(places.folder, 'data'), { recursive: true, ...again })
}

/** What the process has open there has a name again, and so has the lock. */
async function untilPutBack({ places, collector }: World): Promise<void> {
  const folder = join(places.folder, 'data')
  const isPutBack = async () => {
    const descriptors = await readdir(`/proc/${collector.id}/fd`)
    const paths = await Promise.all(
      descriptors.map((name) => readlink(`/proc/${collector.id}/fd/${name}`).catch(() => '')),
    )
    const names = await readdir(folder).catch((): string[] => [])
    const isGone = (path: string) => path.startsWith(folder) && path.endsWith(' (deleted)')
    return names.some((name) => name.startsWith('lock.')) && !paths.some(isGone)
  }
  await until('what was removed is put back', isPutBack, PUT_BACK_MS)
}
