/** Sends by giving the traffic the name of a file that is followed: all of it is there on `go`. */
import { linkSync } from 'node:fs'
import { runSender, tell } from './traffic/sending.ts'

runSender(async ({ file, followed }) => {
  if (followed === undefined) throw new Error('no file is followed')
  return () => {
    linkSync(file, followed)
    tell({ sent: null })
  }
})
