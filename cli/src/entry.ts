/** Loads the metadata polyfill before anything that needs it, then the command. */
import 'reflect-metadata'

const { main } = await import('./main.js')
process.exitCode = await main(process.argv.slice(2))
