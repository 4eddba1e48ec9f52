/** `detect_level` filter: one field with one of six words, whatever a program calls severity. */
import { Field } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import { defineFilter } from '../../component.ts'
import { DetectLevel } from './detect-level.ts'

const configSchema = Type.Object(
  {
    field: Field({
      description: 'Where it is put: trace, debug, info, warn, error or fatal.',
      default: 'level',
    }),
    fields: Type.Array(Field({ description: 'A field.' }), {
      description:
        'Fields that may hold a level, as a word or a number (those of syslog, 0 to 7, and of ' +
        'pino, 10 to 60); the first one that does counts.',
      default: ['level', 'severity', 'lvl', 'loglevel', 'log_level', 'levelname', 'log.level'],
    }),
    texts: Type.Array(Field({ description: 'A field.' }), {
      description:
        'Fields whose text is looked at if those do not say it: JSON, `level=warn`, `<14>` of ' +
        'syslog, klog, `[ERROR]`, `WARN:` and the like, in the first 256 bytes.',
      default: ['message', 'log', 'msg'],
    }),
  },
  { additionalProperties: false },
)

export const detectLevel = defineFilter({
  type: 'detect_level',
  summary: 'Sets one field to the severity that a record or its text speaks of.',
  configSchema,
  create: (config, context) => new DetectLevel(config, context),
})
