/** Small languages inside a configuration, and what is wrong with a text in one of them. */
import { compileRegexp, RegexpError } from '../codecs/regexp/regexp.ts'
import { compileCondition, ConditionError } from '../pipeline/conditions/condition.ts'
import { parseFieldPath } from '../pipeline/conditions/field-path.ts'
import { Template } from '../pipeline/placeholders/template.ts'

/** Why a text cannot be read. */
export interface TextTrouble {
  readonly message: string
  /** Where, in UTF-16 units from 0; undefined for the text as a whole. */
  readonly position?: number
}

type Reader = (text: string) => unknown

export const conditionTrouble = troubleWith(compileCondition)
export const regexpTrouble = troubleWith((text) => compileRegexp(text))
export const fieldTrouble = troubleWith(parseFieldPath)
export const templateTrouble = troubleWith((text) => new Template(text))

function troubleWith(read: Reader): (text: string) => TextTrouble | undefined {
  return (text) => {
    try {
      read(text)
      return undefined
    } catch (error) {
      if (error instanceof ConditionError || error instanceof RegexpError)
        return { message: error.message, position: error.position }
      if (error instanceof TypeError) return { message: error.message }
      throw error
    }
  }
}
