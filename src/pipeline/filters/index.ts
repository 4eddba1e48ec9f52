/** All filters there are, in the order of the reference. */
import type { FilterDefinition } from '../component.ts'
import { dedupe } from './dedupe/index.ts'
import { detectLevel } from './detect-level/index.ts'
import { grep } from './grep.ts'
import { joinParts } from './join-parts/index.ts'
import { modify } from './modify/index.ts'
import { multiline } from './multiline/index.ts'
import { parse } from './parse/index.ts'
import { redact } from './redact/index.ts'
import { rewriteTag } from './rewrite-tag/index.ts'
import { sample } from './sample.ts'
import { throttle } from './throttle/index.ts'

export const filters: readonly FilterDefinition[] = [
  dedupe,
  detectLevel,
  grep,
  joinParts,
  modify,
  multiline,
  parse,
  redact,
  rewriteTag,
  sample,
  throttle,
]
