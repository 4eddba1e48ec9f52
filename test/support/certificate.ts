/** A self-signed certificate for 127.0.0.1 and localhost, made by openssl. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { runWell } from './child.ts'
import { requireTool } from './tool.ts'

export interface Certificate {
  readonly certPath: string
  readonly keyPath: string
}

/** Makes it in `folder`, or returns undefined after skipping the test; throws in CI. */
export async function makeCertificate(
  t: TestContext,
  folder: string,
): Promise<Certificate | undefined> {
  const openssl = requireTool(t, 'openssl')
  if (!openssl) return undefined
  const certPath = join(folder, 'certificate.pem')
  const keyPath = join(folder, 'key.pem')
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyPath]
  await runWell(openssl, ['req', '-x509', '-days', '2', ...names, ...key, '-out', certPath])
  return { certPath, keyPath }
}
