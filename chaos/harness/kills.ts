/** kill -9 at moments by chance, some of them while the collector starts. */
import type { World } from './scenario.ts'

const UPTIME_MAX_MS = 600
const STARTING_MAX_MS = 400
/** One kill in so many hits a process that is still starting. */
const STARTING_SHARE = 5

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
