/** Waiting until the kernel has nothing more for a socket that Node polls. */

/** A flood must not hold up a stop for ever. */
const ROUNDS_MAX = 511

/** Settles when two turns of the event loop went by in which `count` did not grow. */
export async function settled(count: () => number): Promise<void> {
  for (let rounds = 0, before = -1; before < count() && rounds < ROUNDS_MAX; rounds++) {
    before = count()
    await turn()
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
