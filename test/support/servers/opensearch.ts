/**
 * OpenSearch as its distribution for integration tests, a Maven artifact, gives it. Security and
 * ISM are not there; version 2 also lacks ingest processors and reindex.
 */
import { createHash } from 'node:crypto'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runWell } from '../child.ts'
import type { Installation, JvmFolders } from './installation.ts'
import type { Jdk } from './java.ts'
import { compileLauncher, javaCommand, launcherRecipe } from './launcher.ts'
import { cached, copyArtifact } from './maven.ts'

/** GeoIP data are 70 MB; gRPC opens nothing here. */
const LEFT_OUT = ['ingest-geoip', 'transport-grpc']
const LAUNCHER = { className: 'OpenSearchLauncher', source: 'opensearch-launcher.java' }
const SHA256: Readonly<Record<string, string>> = {
  '2.19.6': '71d6d8b1c637f3faecda0752b184b1cc526fc6eaad59ec1408c6327bb00b9293',
  '3.8.0': '196c3cf4602c394f2e40e6174ccbf2a924eae37246f08fa6bbb6b75f9fd5ff1f',
}

export async function installOpenSearch(
  mvn: string,
  jdk: Jdk,
  version: string,
): Promise<Installation> {
  const major = Number(version.split('.')[0])
  const recipe = await launcherRecipe(jdk, LAUNCHER)
  const home = await cached(`opensearch-${version}`, recipe, async (folder) => {
    const group = 'org.opensearch.distribution.integ-test-zip'
    await copyArtifact(mvn, `${group}:opensearch:${version}:zip`, folder)
    const archive = join(folder, `opensearch-${version}.zip`)
    await checkSum(archive, version)
    await runWell(join(jdk.home, 'bin', 'jar'), ['xf', archive], { cwd: folder })
    await rm(archive)
    const inside = join(folder, `opensearch-${version}`)
    for (const name of LEFT_OUT) await rm(join(inside, 'modules', name), REMOVAL)
    await cp(inside, folder, { recursive: true })
    await rm(inside, REMOVAL)
    await compileLauncher(jdk, folder, LAUNCHER)
  })
  return {
    product: 'opensearch',
    version,
    settings: { 'path.home': home },
    command: (folders) => [
      ...javaCommand(jdk, folders.temporary),
      ...jvmOptions(home, folders, major),
      ...['-cp', `${join(home, 'classes')}:${join(home, 'lib', '*')}`, LAUNCHER.className],
    ],
  }
}

const MODERN_OPTIONS = [
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1',
]
const REMOVAL = { recursive: true, force: true } as const

async function checkSum(path: string, version: string): Promise<void> {
  const expected = SHA256[version]
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  if (expected === found) return
  throw new Error(`cannot use ${path}: its SHA-256 is ${found}; expected ${expected}`)
}

function jvmOptions(home: string, folders: JvmFolders, major: number): string[] {
  return [
    `-Djna.tmpdir=${folders.temporary}`,
    '-Djna.nosys=true',
    '-Dio.netty.allocator.numDirectArenas=0',
    `-Dopensearch.path.home=${home}`,
    `-Dopensearch.path.conf=${folders.config}`,
    '-Dopensearch.distribution.type=zip',
    '-Dopensearch.bundled_jdk=false',
    ...(major >= 3 ? MODERN_OPTIONS : []),
  ]
}
