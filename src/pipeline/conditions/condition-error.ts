/** A condition or field path that cannot be read; `position` counts UTF-16 units from 0. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError'
  readonly position: number

  /** `trouble` says what is found and what was expected. */
  constructor(trouble: string, position: number) {
    super(trouble)
    this.position = position
  }
}
