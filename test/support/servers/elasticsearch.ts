/**
 * Elasticsearch as its published jars give it: the server, its HTTP transport (a module of its
 * own, loaded apart from the libraries) and a launcher. What a distribution has besides is not
 * there: security, ILM, the data stream and lifecycle API, ingest processors, reindex, and the
 * field types match_only_text, wildcard, constant_keyword and scaled_float.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { runWell } from '../child.ts'
import type { Jdk } from './java.ts'
import type { Installation, JvmFolders } from './installation.ts'
import { compileLauncher, javaCommand, launcherRecipe } from './launcher.ts'
import { cached, copyWithDependencies } from './maven.ts'

const LAUNCHER = { className: 'ElasticsearchLauncher', source: 'elasticsearch-launcher.java' }
const TRANSPORT = 'transport-netty4'
/** The system's libzstd stands in for the one of a distribution; without it less is native. */
const ZSTD_PLACES = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64']

export async function installElasticsearch(
  mvn: string,
  jdk: Jdk,
  version: string,
): Promise<Installation> {
  const major = Number(version.split('.')[0])
  const recipe = await launcherRecipe(jdk, LAUNCHER)
  const home = await cached(`elasticsearch-${version}`, recipe, async (folder) => {
    const lib = join(folder, 'lib')
    const artifacts = [
      `org.elasticsearch:elasticsearch:${version}`,
      `org.elasticsearch.plugin:${TRANSPORT}:${version}`,
    ]
    await mkdir(lib)
    await copyWithDependencies(mvn, artifacts, lib)
    await makeTransportModule(jdk, folder)
    await linkZstd(lib)
    await compileLauncher(jdk, folder, LAUNCHER)
  })
  return {
    product: 'elasticsearch',
    version,
    settings: { 'path.home': home, 'cluster.name': 'logboom' },
    command: (folders) => [
      ...javaCommand(jdk, folders.temporary),
      ...jvmOptions(home, folders, major),
      ...['-p', join(home, 'lib'), '-cp', join(home, 'classes'), LAUNCHER.className],
    ],
  }
}

async function makeTransportModule(jdk: Jdk, folder: string): Promise<void> {
  const lib = join(folder, 'lib')
  const module = join(folder, 'modules', TRANSPORT)
  await mkdir(module, { recursive: true })
  const jars = (await readdir(lib)).filter((name) => /^(netty|transport-netty4)-/.test(name))
  for (const name of jars) await rename(join(lib, name), join(module, name))
  const own = jars.find((name) => name.startsWith(TRANSPORT))!
  const inside = `META-INF/es-plugins/${TRANSPORT}`
  await runWell(join(jdk.home, 'bin', 'jar'), ['xf', own, inside], { cwd: module })
  await cp(join(module, inside), module, { recursive: true })
  await rm(join(module, 'META-INF'), { recursive: true })
}

async function linkZstd(lib: string): Promise<void> {
  const place = ZSTD_PLACES.map((folder) => join(folder, 'libzstd.so.1')).find(existsSync)
  if (place === undefined) return
  const folder = join(lib, 'platform', `linux-${process.arch === 'x64' ? 'x64' : 'aarch64'}`)
  await mkdir(folder, { recursive: true })
  await symlink(place, join(folder, 'libzstd.so'))
}

function jvmOptions(home: string, folders: JvmFolders, major: number): string[] {
  const native = 'org.elasticsearch.foreign,org.elasticsearch.nativeaccess,org.apache.lucene.core'
  return [
    '-Djava.locale.providers=CLDR',
    '-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false',
    '-Des.distribution.type=tar',
    `-Des.path.home=${home}`,
    `-Des.path.conf=${folders.config}`,
    '--add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH',
    ...(major >= 9 ? [`--enable-native-access=${native}`] : []),
  ]
}
