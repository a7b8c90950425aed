import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from '@chunkflow/sdk/testing'

/** What a machine without any credential looks like; the home folder is empty. */
export function cleanEnvironment() {
  const before = { ...process.env }
  const home = temporaryFolder()
  const set = (variables: Readonly<Record<string, string>>): void => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
    Object.assign(process.env, { HOME: home.path, AWS_EC2_METADATA_DISABLED: 'true', ...variables })
  }
  set({})
  return {
    home: home.path,
    /** Replaces all variables of Amazon's tools. */
    set,
    writeHome(file: string, content: string): void {
      mkdirSync(path.dirname(path.join(home.path, file)), { recursive: true })
      writeFileSync(path.join(home.path, file), content)
    },
    restore(): void {
      for (const name of Object.keys(process.env)) delete process.env[name]
      Object.assign(process.env, before)
      home.remove()
    },
  }
}
