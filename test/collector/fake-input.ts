/** An input that opens nothing: tests deliver through the context that it is made with. */
import { Type } from '../../src/config/type.ts'
import { defineInput, type Input, type InputContext } from '../../src/pipeline/component.ts'

type Lifecycle = Pick<Input, 'start' | 'stop'>

export const idle: Lifecycle = { start: nothing, stop: nothing }

/** `create` gets the context of each one that is made. */
export function fakeInput(create: (context: InputContext) => Lifecycle) {
  return defineInput({
    type: 'fake',
    summary: 'Is for the test.',
    configSchema: Type.Object({}),
    resources: () => [],
    create: (_options, context) => ({ addresses: [], ...create(context) }),
  })
}

async function nothing(): Promise<void> {}
