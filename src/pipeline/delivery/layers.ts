/**
 * In which order goes again what an output has taken only in part. Events that wait for another
 * attempt and suspected ones cannot go together, and those of one tag must stay in order.
 */
import type { Piece } from './piece.ts'

/** What is to be sent again. */
export interface Again {
  readonly piece: Piece
  /** Rather than only not taken this time. */
  readonly isSuspected: boolean
}

/** What can go in one piece, after all layers before it. */
export interface Layer {
  readonly isSuspected: boolean
  readonly pieces: Piece[]
}

/**
 * As few as there can be: a tag goes on in the next layer when its events are of the other kind.
 * What is suspected can go at once, so the first layer is for that; from there they take turns.
 */
export function layersOf(again: readonly Again[]): Layer[] {
  const layers: Layer[] = []
  const depths = new Map<string, number>()
  for (const { piece, isSuspected } of again) {
    let depth = depths.get(piece.tag) ?? 0
    if ((depth % 2 === 0) !== isSuspected) depth++
    depths.set(piece.tag, depth)
    while (layers.length <= depth) layers.push({ isSuspected: layers.length % 2 === 0, pieces: [] })
    layers[depth]!.pieces.push(piece)
  }
  return layers.filter(({ pieces }) => pieces.length > 0)
}
