/** The command line as a whole: its commands in the order of the help, and the options that all of them take. */
import { Command } from 'commander'
import { addAccept } from './commands/accept.ts'
import { addChat } from './commands/chat.ts'
import { addConnect } from './commands/connect.ts'
import { addCreate } from './commands/create.ts'
import { addDelete } from './commands/delete.ts'
import { addDemote } from './commands/demote.ts'
import { addDm } from './commands/dm.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEdit } from './commands/edit.ts'
import { addExport } from './commands/export.ts'
import { addForget } from './commands/forget.ts'
import { addInvite } from './commands/invite.ts'
import { addJoin } from './commands/join.ts'
import { addKick } from './commands/kick.ts'
import { addKnocks } from './commands/knocks.ts'
import { addLeave } from './commands/leave.ts'
import { addLogin } from './commands/login.ts'
import { addLock } from './commands/lock.ts'
import { addMembers } from './commands/members.ts'
import { addNode } from './commands/node.ts'
import { addPasswd } from './commands/passwd.ts'
import { addPolicy } from './commands/policy.ts'
import { addPromote } from './commands/promote.ts'
import { addReact } from './commands/react.ts'
import { addRead } from './commands/read.ts'
import { addReject } from './commands/reject.ts'
import { addRekey } from './commands/rekey.ts'
import { addRooms } from './commands/rooms.ts'
import { addRotate } from './commands/rotate.ts'
import { addSearch } from './commands/search.ts'
import { addSend } from './commands/send.ts'
import { addSignup } from './commands/signup.ts'
import { addTopic } from './commands/topic.ts'
import { addUnlock } from './commands/unlock.ts'
import { addVerify } from './commands/verify.ts'
import { addWhoami } from './commands/whoami.ts'
import { addGlobalOptions } from './options.ts'
import type { Act } from './session.ts'
import { version } from './version.ts'

type AddCommand = (program: Command, act: Act) => void

/** One entry a heading of the help. A command's module loads nothing heavy: what it needs comes through its session. */
const groups: readonly { readonly heading: string; readonly commands: readonly AddCommand[] }[] = [
  {
    heading: 'Chat:',
    commands: [addChat, addSend, addRead, addEdit, addDelete, addReact, addSearch, addExport, addDm],
  },
  { heading: 'You:', commands: [addSignup, addLogin, addWhoami, addUnlock, addLock, addPasswd, addRekey] },
  {
    heading: 'Rooms:',
    commands: [addRooms, addCreate, addJoin, addLeave, addTopic, addPolicy, addRotate, addVerify, addForget],
  },
  {
    heading: 'Who is in:',
    commands: [addMembers, addKnocks, addAccept, addReject, addInvite, addKick, addPromote, addDemote],
  },
  { heading: 'Your own cluster:', commands: [addNode, addConnect, addDoctor] },
]

const examples = `
Examples:
  conclave signup ada                 a new identity, with a passphrase of six words
  conclave                            the terminal interface
  conclave create demo                a room
  conclave join demo --wait 600       on another machine, as somebody else
  conclave accept demo bob            back here, by any member
  conclave send demo "Hello!"
  make 2>&1 | conclave send demo -    one message a line
  conclave read demo --follow --json

Without a store, all who use the same home meet in the one that it embeds.
Variables: CONCLAVE_HOME, CONCLAVE_STORE, CONCLAVE_AS, CONCLAVE_PASSWORD, CONCLAVE_LOG.
Exit codes: 0 done, 2 usage, 3 still waiting, 4 refused, 5 no store, 6 wrong password, 7 tampering.`

/** Options have their place in the command's own help. */
function subcommandTerm(command: Command): string {
  const values = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  )
  return [command.name(), ...values].join(' ')
}

/** The command for an empty command line. */
export const defaultCommand = 'chat'

export function buildProgram(act: Act): Command {
  const program = new Command('conclave')
    .description('A group chat for the terminal that has no owner, end-to-end encrypted.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .usage('[options] [command]')
    .configureHelp({ subcommandTerm })
    .addHelpText('after', examples)
    .exitOverride()
  addGlobalOptions(program)
  for (const { heading, commands } of groups) {
    program.commandsGroup(heading)
    for (const add of commands) add(program, act)
  }
  return program
}
