/** Real servers behind a front that asks for TLS, a client's certificate and a password. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { logboom } from '../../cli/program.ts'
import { AuthFront } from '../../support/auth-front.ts'
import { keyPem, makeAuthority, makeCertificate } from '../../support/certificates.ts'
import { BulkRun } from '../../support/servers/bulk-run.ts'
import { RealServer } from '../../support/servers/real-server.ts'
import { requireServer, SERVERS } from '../../support/servers/require-server.ts'
import { until } from '../../support/wait.ts'

const HELD = 'an output holds its events until somebody sets it right'
const AUTHORIZATION = `Basic ${Buffer.from('logs:right').toString('base64')}`

for (const name of SERVERS) {
  describe(name, () => {
    test('a wrong password holds all with one alarm, until its file is right', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      await using folder = await secretsFolder()
      await using front = await AuthFront.start(server.url, {
        ...{ certificate: folder.server, clientAuthority: folder.authority },
        admits: ({ headers }) => headers.authorization === AUTHORIZATION,
      })
      const output = `auth: { username: logs, password_file: ${folder.path}/password }
tls:
  ca: ${folder.path}/ca.pem
  certificate: ${folder.path}/cert.pem
  key: ${folder.path}/key.pem`
      await using run = await BulkRun.start(server, { url: front.url, output })
      await run.send(0, 3_000)
      await until('it was asked again and again', () => front.refused > 3, 60_000)
      const { received, delivered } = await run.collector.ledger()
      assert.deepEqual([received, delivered], [3_000, 0])
      assert.equal(front.admitted, 0)

      const check = () => checked(run.collector.folder)
      const refused = await check()
      assert.match(refused.stdout, /problem .* answers 401: .*unable to authenticate/)
      assert.equal(refused.code, 1)
      await writeFile(join(folder.path, 'password'), 'right\n')
      const ledger = await run.drain()
      assert.deepEqual([ledger.delivered, ledger.rejected], [3_000, 0])
      await run.checkStored(3_000)
      assert.equal(run.collector.process.output.split(HELD).length - 1, 1, 'one alarm')
      const after = await check()
      assert.match(after.stdout, /ok +the component template logboom-fields is as it should be/)
      assert.equal(after.code, 0, after.stdout)
    })

    test('check --connect says what would be made, and changes nothing', async (t) => {
      const installation = await requireServer(t, name)
      if (!installation) return
      await using server = await RealServer.start(installation)
      await using folder = await secretsFolder()
      const { product } = installation
      const before = await stateOf(server)
      const targets = ['data_stream: { dataset: web }', 'index: logs-%Y', 'index: alias']
      const chunk = 'buffer: { type: disk, chunk: { keys: [time] } }'
      for (const target of targets) {
        await writeConfig(folder.path, `type: ${product}, url: ${server.url}, ${target}, ${chunk}`)
        const { stdout, code } = await checked(folder.path)
        assert.equal(code, 0, stdout)
        assert.match(stdout, /ok +http.* is (?:Elasticsearch|OpenSearch) \d/)
        assert.match(stdout, /would +create the component template logboom-fields/)
        assert.match(stdout, /ok +documents may be written to /)
        assert.deepEqual(await stateOf(server), before, target)
      }
      // What there is under the name is not written to either, not even through an alias.
      await server.json('PUT', '/kept', { aliases: { alias: {} } })
      const { stdout } = await checked(folder.path)
      assert.match(stdout, /ok +documents may be written to alias/)
      await server.json('POST', '/kept/_refresh')
      const { count } = await server.json<{ count: number }>('GET', '/kept/_count')
      assert.equal(count, 0)
    })
  })
}

function checked(folder: string) {
  return logboom(['check', '-c', 'config.yaml', '--connect'], { cwd: folder })
}

async function writeConfig(folder: string, output: string): Promise<void> {
  const text = `
inputs: { docker: { type: forward, listen: "tcp://127.0.0.1:0" } }
outputs: { search: { ${output} } }
pipeline: [{ match: "**", to: search }]
`
  await writeFile(join(folder, 'config.yaml'), text)
}

/** Of what a set-up or a write would leave. */
async function stateOf(server: RealServer): Promise<unknown> {
  const paths = ['/_component_template', '/_index_template', '/_aliases']
  return Promise.all(paths.map((path) => server.json('GET', path)))
}

async function secretsFolder() {
  const path = await mkdtemp(join(tmpdir(), 'logboom-secrets-'))
  const authority = makeAuthority('authority')
  const client = makeCertificate(authority, 'client')
  await writeFile(join(path, 'ca.pem'), authority.pem)
  await writeFile(join(path, 'cert.pem'), client.pem)
  await writeFile(join(path, 'key.pem'), keyPem(client))
  await writeFile(join(path, 'password'), 'wrong\n')
  return {
    ...{ path, authority, server: makeCertificate(authority, 'server') },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  }
}
