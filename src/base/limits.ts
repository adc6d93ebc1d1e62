/**
 * Every bound of Conclave, with its unit in the name. Data from others is refused beyond these;
 * our own is checked before it is sent.
 */

// Store
/** etcd's default --max-txn-ops. */
export const storeOperationsMax = 128
/** etcd's default --max-request-bytes: keys and values of one transaction, and its framing. */
export const storeRequestBytesMax = 1_572_864
/** Counted for a request, and for each of its operations and compares, so that etcd's own count is never larger. */
export const storeFramingBytes = 64
export const storeKeyBytesMax = 1024
export const leaseTtlSMin = 1
export const leaseTtlSMax = 3600
/** Revisions that the memory store keeps for a watch that resumes. */
export const memoryHistoryRevisionsMax = 10_000
/** Superseded versions and deletions stay this long in the embedded store, for a watch that resumes, … */
export const storeHistoryMs = 3_600_000
/** … but never more rows of them than this. */
export const storeHistoryRowsMax = 100_000
/** Revisions of which a home's store keeps history: enough for the programs that have it open just now. */
export const homeHistoryRevisions = 64
/** Events that wait for a watch's consumer, a watch and all together; what is beyond is read from the store again. */
export const watchQueueBytesMax = 4_194_304
export const watchQueuesBytesMax = 33_554_432
/** The longest pause before a cluster that did not answer is tried again. */
export const clusterRetryMsMax = 1000
/** The longest pause before an endpoint is probed again while others answer. */
export const probeMsMax = 30_000
/** A read or write of a store gives up after this long. */
export const storeDeadlineMs = 10_000

// Names
export const userNameCharsMin = 2
export const userNameCharsMax = 32
export const roomNameCharsMax = 64
export const topicBytesMax = 512

// Rooms
export const membersMax = 4096
export const wrapsPerPage = 256
/** A page on the wire: each wrap takes some 1,150 bytes. */
export const wrapPageBytesMax = 327_680
export const knockBytesMax = 4096
export const knockDays = 7
/** A knock dated further ahead is not shown: its author chose the date. */
export const knockAheadMs = 86_400_000
/** Requests kept, a room: known people first, then the newest; the others are deleted. */
export const requestsKeptMax = 256
/** Knocks that do not open (yet) and are tried again when a key comes. */
export const sealedKnocksMax = 256
/** Requests that are announced, in a room and a minute; all that are kept are listed. */
export const requestBurstMax = 32
/** A card on the wire. */
export const cardBytesMax = 2048
export const roomIdPrefixBitsMin = 80

/** How often a room's keys are replaced, in days, unless its admins say otherwise; and the longest that can be set. */
export const rotateDaysDefault = 30
export const rotateDaysMax = 3650
/** An epoch ends after so many records: far below the 2^32 seals for which random nonces are safe (SP 800-38D §8.3). */
export const epochRecordsMax = 1_048_576
/** A room that is open is asked about as often whether its epoch should end. */
export const epochAgeCheckMs = 3_600_000
/** So far ahead of this machine's clock another's may be. */
export const clockSkewMs = 86_400_000

// Records
/** One CBOR item nested deeper than this is refused. */
export const codecDepthMax = 16
export const messagesPerRecordMax = 64
/** UTF-8 bytes of one message's text. */
export const messageTextBytesMax = 16_384
/** A message record's bytes on the wire. */
export const messageRecordBytesMax = 65_536
/** A control record's bytes on the wire (its wraps are in separate pages). */
export const controlRecordBytesMax = 65_536
/** Of anything longer, which is no record, a client keeps only the hash. */
export const recordKeptBytesMax = 262_144
export const reactionBytesMax = 32

// Password
export const argonMemoryKiBMin = 64 * 1024
export const argonMemoryKiBMax = 1024 * 1024
export const argonPassesMin = 1
export const argonPassesMax = 10
export const argonLanesMax = 8
export const passwordBytesMax = 1024
/** zxcvbn's estimate of the guesses that a chosen passphrase withstands, as a power of ten. */
export const passwordGuessesLog10Min = 9

// Vault and registry
export const vaultBytesMax = 1_048_576
/** Of these, what is around the body takes at most so many. */
export const vaultEnvelopeBytes = 4096
export const vaultSeedsMax = 256
/** Beyond these, what is worth least goes: rooms that the person left or was not let into; replaced and unverified keys. */
export const vaultRoomsMax = 2048
export const vaultPinsMax = 8192
export const vaultSecretsMax = 4096
/** How long an identity may be kept unlocked: 7 days. */
export const unlockedForMsMax = 604_800_000
/** What an agent takes, and from how many at once; and what is read of its answer. */
export const agentRequestBytesMax = 16
export const agentConnectionsMax = 64
export const agentAnswerBytesMax = 1024
/** Keys under which a home may have sealed what lies beside the vault: the one in force, and former ones. */
export const localKeysMax = 16
/** How often a name can change its key. Each change adds a link of about 100 bytes to its record. */
export const nameGenerationsMax = 256
export const nameRecordBytesMax = 32_768

// Memory
/** Imported public keys kept ready, per algorithm. */
export const publicKeysCachedMax = 8192

// What a program takes, measured by the bench in a room of 1,000 members and 5,000 changes
export const programMemoryMiBMax = 512

// Files
export const fileNameBytesMax = 255
export const mediaTypeBytesMax = 127

// Chat
/** Operations of one transaction on the home's own store. */
export const replicaBatch = 120
/** Bytes of its values, of storeRequestBytesMax: the last one may go beyond by as much as a record holds. */
export const replicaBatchBytes = 1_000_000
/** Of hints and of pages of wraps a client reads about so many bytes in one go: anyone can add some. */
export const besideLogBytesMax = 8_388_608
/** Of a log, a page ends after about so many bytes, … */
export const logPageBytesMax = 8_388_608
/** … and so many records are read together by their indices: anyone can put huge values in their place. */
export const recordsAtOnce = 32
/** Of those that came first, an append that lost its place reads so many with its answer. */
export const winnersRead = 8
/** Pages of wraps read at once: those of all members of a full room. */
export const wrapPagesAtOnce = 16
/** Records read from the store at once. */
export const logPageRecords = 256
/** The newest records of a long history, which are verified before anything else is read: a page of a screen, and more. */
export const tailPreviewRecords = 128
/** Records and bytes read at once on the way back from a log's end to what vouches for the rest. */
export const spanRecordsMax = 2048
export const spanBytesMax = 33_554_432
/** A walk over records lets the event loop turn at least this often, in milliseconds. */
export const sliceMs = 8
/** Wraps tried in turn by a reader who does not know their index (about a millisecond each). */
export const trialWrapsMax = 2048
/** Of so many epochs a home keeps pages of wraps, for putting them back. */
export const wrapEpochsKept = 4
/** Keys that arrive late have a log judged again so often at once, for as long as it is open. */
export const promptReplays = 4
/** After that, so many bytes may be judged again for each byte that is read for the first time. */
export const replayedBytesPerByte = 4
/** An append that loses its place to others tries again this often. */
export const appendTriesMax = 200
/** The first pause before the store is tried again, and the longest. */
export const retryMs = 300
export const retryMsMax = 2_000
/** Of what a store lost, so many of the newest messages are shown at the place where the log went another way. */
export const divergedItemsMax = 500
/** A store that is watched is looked at this often all the same: whether it was rolled back. */
export const storeIdentityCheckMs = 5_000
/** When members were last heard from is looked up in so many of the newest records. */
export const lastHeardRecordsMax = 10_000
/** How long a room that lies here waits for the store before it shows what it has. */
export const openPatienceMs = 250
/** Rooms that are brought up to date at once. */
export const roomsReadAtOnce = 8
/** Opened records that a room keeps in memory. */
export const recentRecordsMax = 512
/** Rows of shown messages, at least one for each sending process, that a room keeps before it merges them into pages. */
export const seenRowsMax = 16
/** Such rows in a page (about 100 bytes each), and pages that are written in one transaction. */
export const seenPageBlocks = 512
export const seenPagesAtOnce = 16
/** Messages that wait in an outbox, a room. */
export const outboxMessagesMax = 10_000
/** Text that was typed and not sent: UTF-8 bytes kept of it, a room; several messages' worth. */
export const draftBytesMax = 65_536
/** Lines kept of those sent from a room, for typing them again: the newest, and their UTF-8 bytes together. */
export const inputLinesMax = 100
export const inputLinesBytesMax = 32_768
/** Drafts and lists of lines in a home: what was written longest ago goes. */
export const typedRowsMax = 512
/** Between signs of life of a process that sends; another takes over what it left at most twice that later. */
export const outboxWriterTtlS = 10
/** Items read at once when a room is followed from an earlier message on. */
export const followPageItems = 500
/** The copy of the vault in the store follows the home this much later; and how long that may take. */
export const vaultCopyDelayMs = 300
export const vaultCopyMs = 1_500
/** Changes of the copy by other machines are looked at this much later, … */
export const vaultCopyLookMs = 50
/** … and no two of them sooner after each other than this. */
export const vaultCopyLookGapMs = 1_000
/** … and where it could not follow, it is tried again this much later. */
export const vaultCopyRetryMs = 5_000
/** Aliases, key bindings, and ignored people: of each at most so many. */
export const preferenceEntriesMax = 256
/** A sign that someone has a room open ends so long after their program, in seconds; and is renewed after so long. */
export const presenceTtlS = 30
export const presenceRefreshMs = 3_600_000
/** An older one, or one further ahead, counts for nothing: someone else has put it there. */
export const presenceAgeMs = 86_400_000
export const presenceKeptMax = 4096
/** A closing program waits so long for its sign to be gone. */
export const presenceFarewellMs = 300
/** A sealed notice in an inbox. */
export const noticeBytesMax = 4096
/** Where anyone can write (inboxes, requests, the directory), a look takes so many: keys in a page, and in all, … */
export const untrustedKeysPage = 1024
export const untrustedKeysMax = 16_384
/** … values, a few of them at once, … */
export const untrustedReadMax = 256
export const untrustedReadAtOnce = 8
/** … and bytes of values; what comes at once may go beyond. The next look goes on from there. */
export const untrustedLookBytesMax = 16_000_000
/** Of what was judged there, revisions remembered so that it is not read again. */
export const untrustedJudgedMax = 32_768
/** Values taken from a watch, and keys deleted there, a minute. */
export const untrustedTakenPerMinute = 256
export const untrustedDeletedPerMinute = 1024
/** Listed rooms that a client shows: the oldest. Others are joined by their name all the same. */
export const listedRoomsMax = 2048
/** A listing on the wire. */
export const listingBytesMax = 512
/** Invitations kept from keys that this person does not know; older ones are deleted. */
export const strangersNoticesMax = 64
/** … and from one known key, and from all of these. */
export const noticesPerKeyMax = 64
export const knownNoticesMax = 1024
/** Who comes into a room is pinned this much later, together with others who come. */
export const pinDelayMs = 500
/** Up to so many members, a new member is pinned before anything else is done with the room. */
export const pinnedAtOnceMembersMax = 64
/** About how long a client waits before it does for a room what any other could do. */
export const dutyDelayMs = 400
/** Members of whom a client keeps what their void records prove, a room. */
export const withheldProofsMax = 64
/** Openings of one epoch number under which a void record is tried as evidence. */
export const openingsTriedMax = 8
/** Epochs whose links are looked at in one go (less than 0.1 ms each). */
export const linksLookedAtMax = 128
/** Different reactions that are shown with a message, first given first. */
export const reactionsShownMax = 20
/** Messages that one search finds at most. */
export const searchFoundMax = 10_000
/** Records that one row of a room's search index is about; a row's place in a block is kept in two bytes. */
export const searchBlockRecords = 256
/** Of such a row, unsealed: a block with more distinct words is read at each search. */
export const searchRowBytesMax = 1_048_576
/** Rooms with a setting of their own for notifications; beyond, the oldest goes. */
export const notifyRoomsMax = 1000
/** Numbers that rooms have in a terminal, and rooms whose places are kept. */
export const roomPlacesMax = 1000
/** How often a terminal rings for news in a minute, however much comes. */
export const callsPerMinute = 20
/** Unread messages whose authors and times are kept beside the count, a room: the oldest, and the newest. */
export const unreadKeptMax = 100
/** Unread mentions that are counted, a room. */
export const mentionsKeptMax = 999
/** Unread messages of the replica that are searched for mentions when a room is opened. */
export const mentionsSearchedMax = 200
