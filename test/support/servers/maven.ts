/**
 * Released artifacts, by the ordinary `mvn` client as it is set up on this machine. What is made
 * of them is kept in the user's cache folder, so that only the first run needs a network.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runWell } from '../child.ts'
import { until } from '../wait.ts'

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
const LIMIT_MS = 280_000
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'logboom-test')
/** Says of a folder of the cache that it is whole, and by which recipe it was made. */
const MARK = 'complete'
const LOCK_STALE_MS = 600_000

/** A folder of the cache, made by `make` if it is not there yet or was made by another recipe. */
export async function cached(
  name: string,
  recipe: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const place = join(CACHE, name)
  if (await isWhole(place, recipe)) return place
  await mkdir(CACHE, { recursive: true })
  await using cleanup = new AsyncDisposableStack()
  cleanup.use(await lock(`${place}.lock`))
  if (await isWhole(place, recipe)) return place
  const fresh = await mkdtemp(`${place}.new-`)
  try {
    await make(fresh)
    await writeFile(join(fresh, MARK), recipe)
    await rm(place, { recursive: true, force: true })
    await rename(fresh, place)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return place
}

/** Puts one artifact, `group:name:version:type`, into a folder. */
export async function copyArtifact(mvn: string, artifact: string, folder: string): Promise<void> {
  const values = [`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
  await runMaven(mvn, folder, [`${PLUGIN}:copy`, ...values])
}

/** Puts artifacts, `group:name:version` each, and all they need at run time into a folder. */
export async function copyWithDependencies(
  mvn: string,
  artifacts: readonly string[],
  folder: string,
): Promise<void> {
  const work = await mkdtemp(`${folder}.pom-`)
  try {
    await writeFile(join(work, 'pom.xml'), projectOf(artifacts))
    const values = ['-DincludeScope=runtime', `-DoutputDirectory=${folder}`]
    await runMaven(mvn, work, [`${PLUGIN}:copy-dependencies`, ...values])
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** `-C`: a checksum that is not the registry's is an error. */
async function runMaven(mvn: string, cwd: string, args: readonly string[]): Promise<void> {
  await runWell(mvn, ['-B', '-q', '-C', '-Dstyle.color=never', ...args], { cwd, limitMs: LIMIT_MS })
}

function projectOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':')
    const names = `<groupId>${group}</groupId><artifactId>${name}</artifactId>`
    return `<dependency>${names}<version>${version}</version></dependency>`
  })
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>logboom</groupId><artifactId>servers</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>${dependencies.join('')}</dependencies>
</project>`
}

async function isWhole(place: string, recipe: string): Promise<boolean> {
  const mark = join(place, MARK)
  return existsSync(mark) && (await readFile(mark, 'utf8')) === recipe
}

/** One at a time: test files run side by side. A lock that its process left behind grows stale. */
async function lock(path: string): Promise<AsyncDisposable> {
  await until(`${path} is free`, () => tryLock(path), LIMIT_MS)
  return { [Symbol.asyncDispose]: () => rmdir(path) }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    await removeIfStale(path)
    return false
  }
}

async function removeIfStale(path: string): Promise<void> {
  const made = await stat(path).catch(() => undefined)
  if (made && Date.now() - made.mtimeMs > LOCK_STALE_MS) await rm(path, { recursive: true })
}
