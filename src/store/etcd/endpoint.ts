/**
 * One endpoint: a connection to one member of a cluster, and the calls over it. A call is sent only over an established
 * connection that has proved to be an etcd's, so that a call which could not be sent is known as such.
 */
import { setTimeout } from 'node:timers/promises'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'
import { Client, connectivityState, Metadata } from '@grpc/grpc-js'
import type { ChannelOptions, ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import { utf8 } from '../../base/bytes.ts'
import type { ConclaveError } from '../../base/errors.ts'
import { Unreachable, certificateRefused, endedInHandshake, failureOf, notEtcd, Refusal, tooOld } from './failure.ts'
import { Maintenance } from './generated/cluster_pb.ts'
import type { StatusResponse } from './generated/cluster_pb.ts'
import { KV } from './generated/kv_pb.ts'
import type { EtcdTls } from './options.ts'
import { probe } from './probe.ts'
import { securityOf } from './security.ts'
import type { Security } from './security.ts'

/** The largest message accepted from a server. Larger answers are requested in smaller parts. */
const answerBytesMax = 16 * 1024 * 1024

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': answerBytesMax,
  'grpc.max_send_message_length': -1,
  // Retries are decided here, where it is known what may be repeated.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // Closing the connection of one store must not break another's.
  'grpc.use_local_subchannel_pool': 1,
}

/** Tells a member that has lost its leader to refuse at once instead of waiting. */
function wantsLeader(): Metadata {
  const metadata = new Metadata()
  metadata.set('hasleader', 'true')
  return metadata
}

export type Duplex<I extends DescMessage, O extends DescMessage> = ClientDuplexStream<
  MessageInitShape<I>,
  MessageShape<O>
>

export class Endpoint {
  readonly address: string
  #tls: EtcdTls | undefined
  #security: Security
  #client: Client | undefined
  /** The client whose connection has proved to be an etcd's. */
  #verified: Client | undefined
  /** Others may have learned of our present certificate before this member. */
  #isCertificateNew = false
  readonly #active = new Set<{ cancel(): void }>()

  constructor(address: string, tls: EtcdTls | undefined) {
    this.address = address
    this.#tls = tls
    this.#security = securityOf(address, tls)
  }

  /**
   * Makes sure that the connection is up, with an etcd at its other end. @throws Unreachable with `unsent`; Refusal.
   */
  async ready(timeoutMs: number): Promise<void> {
    const client = this.#connect()
    const connected = client.getChannel().getConnectivityState(true) === connectivityState.READY
    if (connected && this.#verified === client) return
    try {
      const { version } = await this.status(timeoutMs)
      if (version !== '' && !isSupported(version)) throw permanent(tooOld(version))
      if (version === '') throw permanent(notEtcd())
    } catch (error) {
      // A member that doesn't show its status to everyone is an etcd all the same.
      if (!(error instanceof Refusal)) {
        if (endedInHandshake(error) && (await this.#rejectsUs())) throw certificateRefused(error)
        throw unsent(error)
      }
    }
    if (this.#isCertificateNew) await this.#catchUp(timeoutMs)
    this.#verified = client
  }

  /** A member judges watches by the users that it knows of; a linearizable read waits until it knows them all. */
  async #catchUp(timeoutMs: number): Promise<void> {
    await this.serves(timeoutMs).catch((error: unknown) => {
      throw unsent(error)
    })
    this.#isCertificateNew = false
  }

  /** A revoked certificate gets no explanation. Asked twice: a member that is shutting down ends connections too. */
  async #rejectsUs(): Promise<boolean> {
    for (const pauseMs of [0, 200]) {
      await setTimeout(pauseMs)
      if (this.#tls === undefined || (await probe(this.address, this.#tls)) !== 'we-are-refused') return false
    }
    return true
  }

  /** The member's own status, whether or not it knows a leader. */
  status(timeoutMs: number): Promise<StatusResponse> {
    return this.#call(Maintenance.method.status, {}, timeoutMs, new Metadata())
  }

  /** A linearizable read: what matters is that it is answered. @throws Unreachable when it can't serve, or not yet. */
  async serves(timeoutMs: number): Promise<void> {
    const request = { key: utf8('incarnation'), keysOnly: true }
    await this.unary(KV.method.range, request, timeoutMs).catch((error: unknown) => {
      // A member that refuses us this read is serving.
      if (!(error instanceof Refusal)) throw error
    })
  }

  /** One call, one try. @throws Refusal, Unreachable or AnswerTooLarge; the reason of an aborted signal. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    return this.#call(method, request, timeoutMs, wantsLeader(), signal)
  }

  /** A stream of messages both ways; the caller handles its errors and cancels it. */
  duplex<I extends DescMessage, O extends DescMessage>(method: DescMethodBiDiStreaming<I, O>): Duplex<I, O> {
    const stream = this.#connect().makeBidiStreamRequest(
      pathOf(method),
      (message: MessageInitShape<I>) => Buffer.from(toBinary(method.input, create(method.input, message))),
      (bytes) => fromBinary(method.output, bytes),
      wantsLeader(),
    )
    this.#active.add(stream)
    stream.once('close', () => this.#active.delete(stream))
    stream.once('status', () => this.#active.delete(stream))
    return stream
  }

  /** Drops the connection; the next call makes a new one. A connection over a broken path may hang for minutes. */
  reset(): void {
    this.#client?.close()
    this.#client = undefined
  }

  /** For connections made from now on. Calls under way end on the present one. @throws as `EtcdStore.useTls` */
  useTls(tls: EtcdTls): void {
    this.#security = securityOf(this.address, tls)
    this.#tls = tls
    this.#isCertificateNew = true
    this.reset()
  }

  close(): void {
    for (const call of this.#active) call.cancel()
    this.#active.clear()
    this.reset()
  }

  async #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs: number,
    metadata: Metadata,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<MessageShape<O>>()
    const call = this.#connect().makeUnaryRequest(
      pathOf(method),
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes),
      create(method.input, request),
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error: ServiceError | null, answer) => {
        if (error === null && answer !== undefined) resolve(answer)
        else reject(failureOf(error ?? new Error('an empty answer'), true))
      },
    )
    this.#active.add(call)
    const cancel = (): void => call.cancel()
    signal?.addEventListener('abort', cancel)
    try {
      return await promise
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', cancel)
      this.#active.delete(call)
    }
  }

  #connect(): Client {
    const { credentials, options } = this.#security
    this.#client ??= new Client(this.address, credentials, { ...channelOptions, ...options })
    return this.#client
  }
}

function pathOf(method: { readonly parent: { readonly typeName: string }; readonly name: string }): string {
  return `/${method.parent.typeName}/${method.name}`
}

/** Watch identifiers, fragments and progress requests came with 3.4. */
function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 4)
}

function permanent(error: ConclaveError): Unreachable {
  return new Unreachable(error.message, { unsent: true, permanent: error, cause: error })
}

function unsent(error: unknown): unknown {
  if (!(error instanceof Unreachable)) return error
  return new Unreachable(error.message, { unsent: true, permanent: error.permanent, cause: error.cause })
}
