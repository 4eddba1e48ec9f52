/** The inputs a configuration may name, in the order the reference lists them. */
import type { InputDefinition } from '../pipeline/component.ts'
import { dockerFiles } from './docker-files/index.ts'
import { forward } from './forward/index.ts'
import { gelf } from './gelf/index.ts'
import { http } from './http/index.ts'
import { stdin } from './stdin/index.ts'
import { syslog } from './syslog/index.ts'
import { tail } from './tail/index.ts'
import { tcp } from './tcp/index.ts'
import { udp } from './udp/index.ts'

export const inputs: readonly InputDefinition[] = [
  forward,
  gelf,
  http,
  syslog,
  tail,
  tcp,
  udp,
  stdin,
  dockerFiles,
]
