/** All filters there are, in the order of the reference. */
import type { FilterDefinition } from '../component.ts'
import { joinParts } from './join-parts/index.ts'
import { grep } from './grep.ts'
import { modify } from './modify/index.ts'
import { parse } from './parse/index.ts'
import { throttle } from './throttle/index.ts'

export const filters: readonly FilterDefinition[] = [grep, joinParts, modify, parse, throttle]
