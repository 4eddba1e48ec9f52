/** The servers tests run against, and what each needs on this machine. */
import type { TestContext } from 'node:test'
import { requireTool, skipOrFail } from '../tool.ts'
import { installElasticsearch } from './elasticsearch.ts'
import type { Installation, Product } from './installation.ts'
import { findJdk, type JavaRange } from './java.ts'
import { installOpenSearch } from './opensearch.ts'

interface Release {
  readonly product: Product
  readonly version: string
  readonly java: JavaRange
}

const NEWEST = 99
const RELEASES = {
  'elasticsearch-9': {
    product: 'elasticsearch',
    version: '9.5.3',
    java: { least: 21, most: NEWEST },
  },
  'elasticsearch-8': {
    product: 'elasticsearch',
    version: '8.19.21',
    java: { least: 17, most: NEWEST },
  },
  'opensearch-3': { product: 'opensearch', version: '3.8.0', java: { least: 21, most: NEWEST } },
  // It asks for a Security Manager, which Java has had none of since 24.
  'opensearch-2': { product: 'opensearch', version: '2.19.6', java: { least: 17, most: 23 } },
} as const satisfies Record<string, Release>

export type ServerName = keyof typeof RELEASES

const CURRENT: readonly ServerName[] = ['elasticsearch-9', 'opensearch-3']
const OLDER: readonly ServerName[] = ['elasticsearch-8', 'opensearch-2']

/** `LOGBOOM_TEST_SERVERS=all` asks for all releases, and for trouble as long as it really is. */
export const IS_LONG_RUN = process.env['LOGBOOM_TEST_SERVERS'] === 'all'

/** What a run tests against: the older two only in a long one. */
export const SERVERS: readonly ServerName[] = IS_LONG_RUN ? [...CURRENT, ...OLDER] : CURRENT

const installed = new Map<ServerName, Promise<Installation>>()

/** The server's files, or undefined after skipping the test; throws in CI. */
export async function requireServer(
  t: TestContext,
  name: ServerName,
): Promise<Installation | undefined> {
  const { product, version, java } = RELEASES[name]
  const mvn = requireTool(t, 'mvn')
  if (mvn === undefined) return undefined
  const jdk = await findJdk(java)
  if (jdk === undefined) {
    const versions =
      java.most === NEWEST ? `${java.least} or newer` : `${java.least} to ${java.most}`
    skipOrFail(t, `needs a JDK ${versions} for ${product} ${version}, and none was found`)
    return undefined
  }
  const install = product === 'elasticsearch' ? installElasticsearch : installOpenSearch
  let installation = installed.get(name)
  if (!installation) installed.set(name, (installation = install(mvn, jdk, version)))
  return installation
}
