/** Who you are: `signup`, `login`, `whoami`, `passwd`, `recovery-code`, `rekey`. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { NewPassword } from '../../chat/accounts.ts'
import { count } from '../../chat/wording.ts'
import {
  deliverSecret,
  givenPassphrase,
  obtainPassphrase,
  proposePassphrase,
  type Proposed,
} from '../session/passphrase.ts'
import type { Act, Session } from '../session/session.ts'

export function addSignup(program: Command, act: Act): void {
  program
    .command('signup')
    .summary('create an identity')
    .description(
      'Creates an identity: a name that is free in this store, and its keys.\n\n' +
        'With CONCLAVE_PASSWORD or --password-file you choose the passphrase yourself: weak passphrases are rejected, and ' +
        'a recovery code is printed that another machine will ask for. Otherwise six random words are generated and ' +
        'printed once.\n\n' +
        'The passphrase is printed before the name is claimed, so you can resume with conclave login NAME if ' +
        'interrupted. The name is yours once the exit code is 0.',
    )
    .argument('<name>', '2 to 32 letters, digits, _ and -')
    .action(act(signUp))
}

async function signUp(session: Session, name: string): Promise<void> {
  const accounts = await session.accounts()
  const proposed = await proposePassphrase(session, accounts, name, await givenPassphrase(session.options))
  let delivered = false
  const { chat } = await accounts.signUp({
    name,
    password: proposed.password,
    chosen: proposed.chosen,
    announce: async (secret) => {
      delivered = await deliverSecret(session, secret, proposed)
    },
  })
  const self = session.keep(chat).self
  if (!delivered) await printSelf(session, self)
}

export function addLogin(program: Command, act: Act): void {
  program
    .command('login')
    .summary('fetch your identity on another machine')
    .description(
      'Downloads your encrypted keys from the store, unlocks them with your passphrase and makes them the identity that ' +
        'commands use on this machine.\n\n' +
        'If you chose your own passphrase, its recovery code is needed too, typed or in CONCLAVE_RECOVERY_CODE.',
    )
    .argument('<name>', 'the name you signed up with')
    .action(
      act(async (session, name: string) => {
        const passphrase = await obtainPassphrase(session.options, name, session.prompt)
        await printSelf(session, (await session.logIn(name, passphrase)).self)
      }),
    )
}

export function addWhoami(program: Command, act: Act): void {
  program
    .command('whoami')
    .summary('print your name and fingerprint')
    .description('Prints the name and fingerprint that commands use. Needs neither passphrase nor store.')
    .action(act(async (session) => printSelf(session, await session.self())))
}

function printSelf({ out }: Session, { name, fingerprint }: { name: string; fingerprint: string }): Promise<void> {
  return out.print({ name, fingerprint }, `${name}  ${fingerprint}`)
}

export function addRekey(program: Command, act: Act): void {
  program
    .command('rekey')
    .summary('replace your keys in every room')
    .description('Replaces your keys in every room. Nothing sent afterwards can be read with the old ones.')
    .option('--yes', "don't ask for confirmation")
    .action(
      act(async (session, { yes }: { readonly yes?: true }) => {
        if (!(await session.mayDo('Replace your keys in every room? Your fingerprint changes.', yes === true))) return 4
        const { name, fingerprint, rooms } = await (await session.chat()).rekey()
        const text = `${name}  ${fingerprint}\nReplaced your keys in ${count(rooms, 'room')}.`
        await session.out.print({ name, fingerprint, rooms }, text)
        return 0
      }),
    )
}

export function addRecoveryCode(program: Command, act: Act): void {
  program
    .command('recovery-code')
    .summary('show your recovery code again')
    .description(
      'Prints the recovery code that another machine asks for beside a passphrase you chose yourself. Your passphrase is ' +
        'always asked for, even while your identity is unlocked.',
    )
    .action(
      act(async (session) => {
        const name = await session.name()
        const password = await obtainPassphrase(session.options, name, session.prompt)
        const recoveryCode = await (await session.accounts()).recoveryCode({ name, password })
        await session.out.print({ name, recoveryCode }, recoveryCode)
      }),
    )
}

interface PasswdOptions {
  readonly newPasswordFile?: string
  readonly replaceCopy?: true
}

export function addPasswd(program: Command, act: Act): void {
  program
    .command('passwd')
    .summary('change your passphrase')
    .description(
      'Changes your passphrase. The old one is always asked for, even while your identity is unlocked.\n\n' +
        'With CONCLAVE_NEW_PASSWORD or --new-password-file you choose the new one yourself: weak passphrases are ' +
        'rejected, and a new recovery code is printed. Otherwise six random words are generated and printed once. They ' +
        'are printed before anything changes: until the exit code is 0, the old passphrase may still be the valid one.\n\n' +
        'Other machines keep the old passphrase until you run passwd there too, which takes over the new one. Someone ' +
        'with an old copy of your keys and the old passphrase still has your keys: run rekey as well.',
    )
    .option('--new-password-file <file>', 'file whose first line is the new passphrase')
    .option('--replace-copy', 'overwrite the copy in the store even though its passphrase is unknown')
    .action(act(changePassphrase))
}

async function changePassphrase(session: Session, options: PasswdOptions): Promise<void> {
  const { out } = session
  const accounts = await session.accounts()
  const name = await session.name()
  const password = await obtainPassphrase(session.options, name, session.prompt)
  const given = await givenPassphrase({ password: session.options.newPassword, passwordFile: options.newPasswordFile })
  let proposed: Proposed | undefined
  let delivered = false
  const { self, takenOver, copied } = await accounts.changePassword({
    name,
    password,
    choose: async ({ elsewhere }) => {
      if (elsewhere) return passphraseFromElsewhere(session, name, given)
      return (proposed = await proposePassphrase(session, accounts, name, given))
    },
    announce: async (secret) => {
      if (proposed !== undefined) delivered = await deliverSecret(session, secret, proposed)
    },
    ...(options.replaceCopy === undefined ? {} : { replaceCopy: true }),
  })
  const { lockAgent } = await import('../agent/ask-agent.ts')
  const wasUnlocked = (await lockAgent(session.options.home, self.name, session.patience.agentMs)) !== 'none'
  const done = takenOver
    ? `${self.name} now has the passphrase of the other machine here too.`
    : `Changed the passphrase of ${self.name}.`
  if (delivered) await out.text(done)
  else await out.print({ name: self.name, fingerprint: self.fingerprint }, done)
  if (wasUnlocked) out.note('Your identity is locked now: run conclave unlock with the new passphrase.')
  if (!copied) out.note("The store's copy, for other machines, is not updated yet: the next start does that.")
}

/** The passphrase set on another machine, which becomes valid here too. */
async function passphraseFromElsewhere(
  { prompt, options }: Session,
  name: string,
  given: string | undefined,
): Promise<NewPassword & { readonly recoveryCode?: string }> {
  if (given === undefined && !prompt.interactive) {
    throw new ConclaveError('wrong-password', `The passphrase of ${name} was changed on another machine`, {
      hint: 'Give the new one in CONCLAVE_NEW_PASSWORD or with --new-password-file to use it here too.',
    })
  }
  const password = given ?? (await prompt.askHidden(`New passphrase of ${name}, as set on the other machine: `))
  const code =
    options.recoveryCode ??
    (prompt.interactive ? await prompt.ask('Its recovery code (press Enter if it is six generated words): ') : '')
  return { password, chosen: false, ...(code.trim() === '' ? {} : { recoveryCode: code.trim() }) }
}
