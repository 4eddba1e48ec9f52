/** The options of a component under test, as a configuration would give them. */
import type { TSchema } from 'typebox'
import { parse } from 'yaml'
import { validateConfig } from '../../src/config/validate.ts'
import type { Fault } from '../../src/pipeline/component.ts'

interface Configurable {
  readonly configSchema: TSchema
  faults?(config: unknown): readonly Fault[]
}

/** What a YAML text gives, with defaults; throws if the component would not accept it. */
export function validConfig(definition: Configurable, yaml: string): object {
  const { value, problems } = validateConfig(definition.configSchema, parse(yaml) ?? {})
  if (problems) throw new TypeError(problems.map(({ message }) => message).join('; '))
  const faults = definition.faults?.(value) ?? []
  const messages = faults.map(({ path, message }) => `${path.join('.')} ${message}`)
  if (messages.length > 0) throw new TypeError(messages.join('; '))
  return value as object
}
