/** `lock`: ends what `unlock` began. */
import type { Command } from 'commander'
import type { Act, Session } from '../session.ts'

export function addLock(program: Command, act: Act): void {
  program
    .command('lock')
    .summary('end unlock: ask for the password again')
    .description(
      'Ends unlock, of all identities of this home or of the one that --as names. Needs no password. Terminals that ' +
        'are open, and commands that go on, keep the key that they have until they are closed.',
    )
    .action(act(lock))
}

async function lock({ options: { as, home }, out }: Session): Promise<void> {
  const { agentNames } = await import('../agent/socket.ts')
  const { lockAgent } = await import('../agent/ask-agent.ts')
  const wanted = (await agentNames(home)).filter((name) => as === undefined || name.toLowerCase() === as.toLowerCase())
  for (const name of wanted) {
    const kind = await lockAgent(home, name)
    const more = kind === 'silent' ? '\nThe program that kept it does not answer: it ends as soon as it runs on.' : ''
    await out.print({ name, until: null }, `${name} is locked.${more}`)
  }
  if (wanted.length === 0) out.note('Nothing was unlocked.')
}
