/** A parent to be killed: supervises the program that it is given, and prints the program's process id. */
import { SupervisedProcess } from '../../src/node/process/supervised-process.ts'

const [program = '', ...args] = process.argv.slice(2)
const child = new SupervisedProcess(program, args, () => {})
process.stdout.write(`${await child.pid}\n`)
await child.exited
