/** Lines of a real Docker container come back from a real server, and from `logboom search`. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { logboom } from '../../cli/program.ts'
import { DockerDaemon, requireDocker } from '../../support/docker-daemon.ts'
import { BulkRun } from '../../support/servers/bulk-run.ts'
import { requireServer, SERVERS } from '../../support/servers/require-server.ts'
import { RealServer } from '../../support/servers/real-server.ts'

const COUNT = 50

for (const name of SERVERS) {
  test(`${name} has a container's lines, their times to the nanosecond`, async (t) => {
    const installation = await requireServer(t, name)
    const tools = installation && requireDocker(t)
    if (!tools) return
    await using server = await RealServer.start(installation)
    await using run = await BulkRun.start(server, { hasFiles: true })
    await using daemon = await DockerDaemon.start(tools)
    const log = {
      'fluentd-address': `tcp://127.0.0.1:${run.collector.places.forward}`,
      'fluentd-sub-second-precision': 'true',
      tag: 'docker.web1',
    }
    const script = `for n in $(seq 1 ${COUNT}); do echo "line $n"; done; sleep 1`
    await daemon.run({ script, name: 'web1', log, args: ['--label', 'com.example.a.b=c'] })
    const lines = await run.collector.linesOnce(COUNT)
    await run.settled()

    await server.json('POST', '/logs-docker-default/_refresh')
    const config = join(run.collector.folder, 'config.yaml')
    const args = ['search', '-c', config, '--json', 'container_name:/web1 AND line']
    const { code, stdout, stderr } = await logboom(args)
    assert.deepEqual([code, stderr], [0, ''])
    const found = stdout.trimEnd().split('\n')
    const fields = (text: string) => JSON.parse(text) as Record<string, unknown>
    const byTime = (one: { time: string }, other: { time: string }) =>
      one.time < other.time ? -1 : 1
    assert.deepEqual(
      found
        .map(fields)
        .map(({ time, log }) => ({ time: String(time), log }))
        .sort(byTime),
      lines.map(({ time, log }) => ({ time, log })).sort(byTime),
    )
    assert.ok(
      lines.some(({ time }) => !time.endsWith('000Z')),
      'Docker gives nanoseconds',
    )
    await run.drain()
  })
}
