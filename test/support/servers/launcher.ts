/** The Java programs of ours that start nodes: compiled once, beside the server's own files. */
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runWell } from '../child.ts'
import type { Jdk } from './java.ts'

/** Compilers and collectors for long runs cost more here than they bring: half of a start. */
const COMMON_OPTIONS = [
  '-Xms512m',
  '-Xmx512m',
  '-Xss1m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
  '-Dio.netty.noUnsafe=true',
  '-Dio.netty.noKeySetOptimization=true',
  '-Dio.netty.recycler.maxCapacityPerThread=0',
  '-Dlog4j.shutdownHookEnabled=false',
  '-Dlog4j2.disable.jmx=true',
]

/** A class of ours, and the name of the file of its source. */
export interface Launcher {
  readonly className: string
  readonly source: string
}

const NODE_LOOP: Launcher = { className: 'NodeLoop', source: 'node-loop.java' }

/** Changes when the sources do, or what compiles them. */
export async function launcherRecipe(jdk: Jdk, launcher: Launcher): Promise<string> {
  const texts = [launcher, NODE_LOOP].map(({ source }) => readFile(placeOf(source), 'utf8'))
  return [jdk.major, ...(await Promise.all(texts))].join(' ')
}

/** Puts the classes into `classes` of a folder whose `lib` has the server's jars. */
export async function compileLauncher(jdk: Jdk, folder: string, launcher: Launcher): Promise<void> {
  const sources: string[] = []
  for (const { className, source } of [launcher, NODE_LOOP]) {
    const place = join(folder, `${className}.java`)
    await copyFile(placeOf(source), place)
    sources.push(place)
  }
  const places = ['-cp', join(folder, 'lib', '*'), '-d', join(folder, 'classes')]
  await runWell(join(jdk.home, 'bin', 'javac'), ['-nowarn', '-proc:none', ...places, ...sources])
}

/** `java` with the options that both servers have, before those of their own. */
export function javaCommand(jdk: Jdk, temporary: string): string[] {
  return [join(jdk.home, 'bin', 'java'), ...COMMON_OPTIONS, `-Djava.io.tmpdir=${temporary}`]
}

function placeOf(source: string): string {
  return fileURLToPath(new URL(source, import.meta.url))
}
