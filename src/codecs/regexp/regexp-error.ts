/** A pattern that cannot be compiled; `position` counts UTF-16 units of its source from 0. */
export class RegexpError extends Error {
  override readonly name = 'RegexpError'
  readonly position: number

  /** `trouble` says what is found, and what would be right. */
  constructor(trouble: string, position: number) {
    super(trouble)
    this.position = position
  }
}
