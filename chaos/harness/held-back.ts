/** What must be seen while the collector cannot write: senders wait, and it says why. */
import { until } from '../../test/support/wait.ts'
import type { World } from './scenario.ts'

const READY_AGAIN_MS = 180_000

export async function heldBackUntil(world: World, relieve: () => Promise<void>): Promise<void> {
  await world.untilHeldBack()
  const readiness = await world.collector.readiness()
  if (readiness?.ready !== false) world.fault('senders are held back, and /readyz does not say why')
  world.disturbed()
  await relieve()
  await readyAgain(world)
}

/** Without a restart. */
export async function readyAgain(world: World): Promise<void> {
  await world.untilAcknowledged(500)
  const isReady = async () => (await world.collector.readiness())?.ready === true
  await until('the collector is ready again', isReady, READY_AGAIN_MS)
}
