/** The command's first module. */
import { homedir } from 'node:os'
import { main } from './main.js'

if (!hasHome()) process.env.HOME = '/'
process.exitCode = await main(process.argv.slice(2))

/**
 * A process in a container may run under a number that no user has, without a home folder. Libraries fail there, some when
 * they are loaded; so it gets the home that container engines give.
 */
function hasHome(): boolean {
  try {
    return homedir() !== ''
  } catch {
    return false
  }
}
