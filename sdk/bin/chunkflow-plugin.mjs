#!/usr/bin/env node
import { main } from '../dist/build.js'

await main(process.argv.slice(2))
