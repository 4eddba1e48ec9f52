/**
 * OpenSearch as its distribution for integration tests, a Maven artifact, gives it. Security and
 * ISM are not there; version 2 also lacks ingest processors and reindex.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runWell } from '../child.ts'
import { COMPILED_QUICKLY, type Installation, type NodeFolders } from './installation.ts'
import type { Jdk } from './java.ts'
import { cached, copyArtifact } from './maven.ts'

/** GeoIP data are 70 MB; gRPC opens nothing here. */
const LEFT_OUT = ['ingest-geoip', 'transport-grpc']
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
  const home = await cached(`opensearch-${version}`, '1', async (folder) => {
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
  })
  return {
    product: 'opensearch',
    version,
    command: (folders) => [
      join(jdk.home, 'bin', 'java'),
      ...jvmOptions(home, folders, { server: major, java: jdk.major }),
      ...['-cp', join(home, 'lib', '*'), 'org.opensearch.bootstrap.OpenSearch'],
    ],
    settingArguments: (settings) => settings.map((setting) => `-E${setting}`),
  }
}

const REMOVAL = { recursive: true, force: true } as const

async function checkSum(path: string, version: string): Promise<void> {
  const expected = SHA256[version]
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  if (expected === found) return
  throw new Error(`cannot use ${path}: its SHA-256 is ${found}; expected ${expected}`)
}

function jvmOptions(
  home: string,
  folders: NodeFolders,
  major: { readonly server: number; readonly java: number },
): string[] {
  const agent = join(home, 'agent', 'opensearch-agent.jar')
  return [
    COMPILED_QUICKLY,
    '-Xms512m',
    '-Xmx512m',
    '-Xss1m',
    '-XX:+UseSerialGC',
    '-Djava.awt.headless=true',
    `-Djava.io.tmpdir=${folders.temporary}`,
    `-Djna.tmpdir=${folders.temporary}`,
    '-Djna.nosys=true',
    '-Dio.netty.noUnsafe=true',
    '-Dio.netty.noKeySetOptimization=true',
    '-Dio.netty.recycler.maxCapacityPerThread=0',
    '-Dio.netty.allocator.numDirectArenas=0',
    '-Dlog4j.shutdownHookEnabled=false',
    '-Dlog4j2.disable.jmx=true',
    `-Dopensearch.path.home=${home}`,
    `-Dopensearch.path.conf=${folders.config}`,
    '-Dopensearch.distribution.type=zip',
    '-Dopensearch.bundled_jdk=false',
    ...rootOptions(),
    ...(major.server >= 3 ? modernOptions(agent) : oldOptions(major.java)),
  ]
}

/** It will not run as root, and asks JNA who it is; without JNA's native half it cannot ask. */
function rootOptions(): string[] {
  if (process.getuid?.() !== 0) return []
  return ['-Djna.nounpack=true', '-Djna.boot.library.path=/nonexistent']
}

function modernOptions(agent: string): string[] {
  return [
    ...(existsSync(agent) ? [`-javaagent:${agent}`] : []),
    '--add-opens=java.base/java.nio=ALL-UNNAMED',
    '-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1',
  ]
}

function oldOptions(javaMajor: number): string[] {
  const factory = 'org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory'
  return [
    `-Djava.util.concurrent.ForkJoinPool.common.threadFactory=${factory}`,
    ...(javaMajor >= 18 ? ['-Djava.security.manager=allow'] : []),
  ]
}
