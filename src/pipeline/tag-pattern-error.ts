/** A part of a tag pattern that cannot be read; `position` counts characters from 0. */
export class TagPatternError extends Error {
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}
