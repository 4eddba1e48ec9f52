/** A configuration as YAML that reads back as the same one, but for the secrets. */
import { stringify } from 'yaml'
import type { Config, Registry } from './model.ts'
import { fileForm, maskSecrets } from './secrets.ts'

export function configAsYaml(config: Config, registry: Registry): string {
  return stringify(fileForm(maskSecrets(config, registry)), { lineWidth: 100 })
}
