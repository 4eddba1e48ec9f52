/**
 * A folder: names of files and folders. Until it is synced, each change of a name may be there
 * after a power cut or not, in part of the runs in the order they were made in, as ext4 and XFS
 * have them, in part in any.
 */
import type { SeededRandom } from '../../../delivery/simulation/random.ts'
import type { SimulatedFile } from './simulated-file.ts'

export type Node = SimulatedFile | SimulatedFolder

/** Names that come to stand for something, or for nothing any more. */
type Change = ReadonlyMap<string, Node | null>

export class SimulatedFolder {
  /** What `list` gives. */
  readonly names = new Map<string, Node>()
  readonly #durable = new Map<string, Node>()
  #changes: Change[] = []

  /** All at once, as in a rename. */
  set(...changes: readonly [string, Node | null][]): void {
    const change = new Map(changes)
    apply(this.names, change)
    this.#changes.push(change)
  }

  sync(): void {
    for (const change of this.#changes) apply(this.#durable, change)
    this.#changes = []
  }

  losePower(random: SeededRandom): void {
    const isInOrder = random.chance(0.6)
    const kept = random.whole(0, this.#changes.length)
    for (const [index, change] of this.#changes.entries())
      if (isInOrder ? index < kept : random.chance(0.5)) apply(this.#durable, change)
    this.#changes = []
    this.names.clear()
    for (const [name, node] of this.#durable) {
      node.losePower(random)
      this.names.set(name, node)
    }
  }
}

function apply(names: Map<string, Node>, change: Change): void {
  for (const [name, node] of change)
    if (node) names.set(name, node)
    else names.delete(name)
}
