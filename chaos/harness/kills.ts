/** kill -9 at moments by chance, some of them while the collector starts. */
import { until } from '../../test/support/wait.ts'
import type { World } from './scenario.ts'

const UPTIME_MAX_MS = 600
const STARTING_MAX_MS = 400
/** One kill in so many hits a process that is still starting. */
const STARTING_SHARE = 5
const NOTED_ATTEMPTS = 6
const NOTED_MS = 100
const DELIVERED_MS = 180_000

export async function killAgainAndAgain(world: World): Promise<void> {
  const { collector, random } = world
  for (let kill = 1; kill <= world.kills; kill++) {
    if (random.below(STARTING_SHARE) === 0) {
      await collector.kill()
      await collector.spawn()
      await world.pause(0, STARTING_MAX_MS)
    } else {
      await world.untilAcknowledged(1)
      await world.pause(0, UPTIME_MAX_MS)
    }
    await collector.kill()
    world.disturbed()
    await collector.start()
  }
  await world.untilAcknowledged(100)
}

/**
 * Buffers note what is delivered a moment later; once they have, a kill must bring nothing back.
 * Else the duplicates of a kill would be as old as the buffer.
 */
export async function untilNoted(world: World): Promise<void> {
  const { collector } = world
  for (let attempt = 1; attempt <= NOTED_ATTEMPTS; attempt++) {
    const isDelivered = async () => (await collector.totals())?.in_flight === 0
    await until('everything is delivered', isDelivered, DELIVERED_MS)
    await world.pause(attempt * NOTED_MS, attempt * NOTED_MS)
    await collector.kill()
    const before = collector.restored
    await collector.start()
    if (collector.restored === before) return
  }
  world.fault('after every kill a buffer gives again what it had delivered long before')
}
