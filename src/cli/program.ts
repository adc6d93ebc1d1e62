/** The command line as a whole: its commands in the order of the help, and the options that all of them take. */
import { Command } from 'commander'
import { addLogin, addPasswd, addRecoveryCode, addRekey, addSignup, addWhoami } from './commands/account.ts'
import { addChat } from './commands/chat.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExport } from './commands/export.ts'
import { addJoin, addKnocks, addLeave, addMemberCommands, addMembers } from './commands/members.ts'
import { addDelete, addDm, addEdit, addReact, addSend } from './commands/messages.ts'
import { addConnect, addNode } from './commands/node.ts'
import { addRead, addSearch } from './commands/read.ts'
import { addCreate, addForget, addPolicy, addRooms, addRotate, addTopic } from './commands/rooms.ts'
import { addLock, addUnlock } from './commands/unlock.ts'
import { addVerify } from './commands/verify.ts'
import { addGlobalOptions, version } from './session/options.ts'
import type { Act } from './session/session.ts'

type AddCommand = (program: Command, act: Act) => void

/** One entry per heading of the help. */
const groups: readonly { readonly heading: string; readonly commands: readonly AddCommand[] }[] = [
  {
    heading: 'Chat:',
    commands: [addChat, addSend, addRead, addEdit, addDelete, addReact, addSearch, addExport, addDm],
  },
  {
    heading: 'You:',
    commands: [addSignup, addLogin, addWhoami, addUnlock, addLock, addPasswd, addRecoveryCode, addRekey],
  },
  {
    heading: 'Rooms:',
    commands: [addRooms, addCreate, addJoin, addLeave, addTopic, addPolicy, addRotate, addVerify, addForget],
  },
  { heading: 'Members:', commands: [addMembers, addKnocks, addMemberCommands] },
  { heading: 'Your own cluster:', commands: [addNode, addConnect, addDoctor] },
]

const examples = `
Examples:
  conclave signup ada                 create an identity, with a passphrase of six words
  conclave                            open the terminal interface
  conclave create demo                create a room
  conclave join demo --wait 600       on another machine, as someone else
  conclave accept demo bob            back here, by any member
  conclave send demo "Hello!"
  make 2>&1 | conclave send demo -    one message per line
  conclave read demo --follow --json

Without a store, everyone who uses the same home meets in its embedded one.
Variables: CONCLAVE_HOME, CONCLAVE_STORE, CONCLAVE_AS, CONCLAVE_PASSWORD, CONCLAVE_LOG.
Exit codes: 0 done, 2 usage, 3 waiting, 4 refused, 5 no store, 6 wrong passphrase, 7 tampering.`

/** Options are listed in the command's own help. */
function subcommandTerm(command: Command): string {
  const values = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  )
  return [command.name(), ...values].join(' ')
}

/** A summary that serves as the description, as a sentence. */
function commandDescription(command: Command): string {
  const text = command.description()
  return /^[a-z]/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : text
}

/** The command to run for an empty command line. */
export const defaultCommand = 'chat'

export function buildProgram(act: Act): Command {
  const program = new Command('conclave')
    .description('A group chat for the terminal with no owner, end-to-end encrypted.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .usage('[options] [command]')
    .configureHelp({ subcommandTerm, commandDescription })
    .addHelpText('after', examples)
    .exitOverride()
  addGlobalOptions(program)
  for (const { heading, commands } of groups) {
    program.commandsGroup(heading)
    for (const add of commands) add(program, act)
  }
  return program
}
