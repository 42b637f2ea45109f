import Glibc
import Secure
import Wire

/// One member of the crowd; to the server it is a peer like any other. It has its keys before it connects, like a
/// program that has been running for a while.
protocol Member: AnyObject {
    /// The socket; -1 before it is connected.
    var socket: CInt { get }
    func connected(_ socket: CInt)
    /// The number of messages from others that have arrived.
    var deliveredCount: Int { get }
    /// Whether it has joined the room.
    var hasJoined: Bool { get }
    func received(_ bytes: UnsafeRawBufferPointer) throws
    /// Returns the bytes that send these messages, in one write.
    func saying(_ messages: Range<Int>) -> [UInt8]
}

/// A member at the floor, which counts bytes.
final class PlainMember: Member {
    private(set) var socket: CInt = -1
    let hasJoined = true
    private let messageBytes: Int
    private var byteCount = 0

    init(messageBytes: Int) { self.messageBytes = messageBytes }

    func connected(_ socket: CInt) { self.socket = socket }

    var deliveredCount: Int { byteCount / messageBytes }

    func received(_ bytes: UnsafeRawBufferPointer) { byteCount += bytes.count }

    func saying(_ messages: Range<Int>) -> [UInt8] {
        [UInt8](repeating: UInt8(ascii: "x"), count: messageBytes * messages.count)
    }
}

/// A member at a relay: handshake, hello, join, sealed records.
final class FanoutMember: Member {
    private(set) var socket: CInt = -1
    private(set) var deliveredCount = 0
    private(set) var hasJoined = false
    /// The messages that it is going to send.
    private let entries: [SignedEntry]
    private var handshake: LinkHandshake
    /// The first message of its handshake.
    private let call: [UInt8]
    /// The frames that it sends as soon as it may.
    private let introduction: [Frame]
    private var transport: Transport?
    private var records = RecordBuffer()
    private var frames = FrameBuffer()

    init(identity: Identity, name: String, random: inout RandomStream, entries: [SignedEntry]) {
        self.entries = entries
        handshake = LinkHandshake(
            role: .initiator, identity: identity, staticKey: NoiseKeyPair(privateKey: random.bytes(32)),
            ephemeral: NoiseKeyPair(privateKey: random.bytes(32)))
        call = Self.prefixed(handshake.begin() ?? [])
        let announcement = SignedAnnouncement(
            signing: Announcement(
                kind: .announce, peer: identity.peerID, instance: 1, sequence: 1, name: name, claimTime: 1, linkPort: 1
            ), by: identity)
        introduction = [
            .hello(announcement: announcement.bytes, gathering: nil, away: nil),
            .join(RelayJoin(name: name, isStrict: false, password: nil, program: "earshot-bench")),
        ]
    }

    func connected(_ socket: CInt) {
        self.socket = socket
        Stream.send(call, on: socket)
    }

    func received(_ bytes: UnsafeRawBufferPointer) throws {
        records.append(Array(bytes))
        while let record = try records.next() {
            guard let transport else {
                try handshakeReceived(Array(record))
                continue
            }
            var plaintext: [UInt8] = []
            plaintext.reserveCapacity(record.count)
            try transport.open(record, into: &plaintext)
            frames.append(plaintext)
            while let frame = try frames.next() { try frameReceived(frame) }
        }
    }

    private func handshakeReceived(_ message: [UInt8]) throws {
        guard case .sendAndFinish(let answer, _, let transport) = try handshake.messageReceived(message) else {
            throw Obstacle("the handshake did not finish")
        }
        self.transport = transport
        Stream.send(Self.prefixed(answer) + sealed(introduction), on: socket)
    }

    /// Counts deliveries without parsing what it does not need, since a member's own work is not measured.
    private func frameReceived(_ frame: ArraySlice<UInt8>) throws {
        var reader = CBORReader(frame)
        _ = try reader.array()
        switch try reader.unsigned() {
        case 6: deliveredCount += try reader.array()
        case 17: hasJoined = true
        case 18, 22: throw Obstacle("the relay refused a member")
        default: break
        }
    }

    func saying(_ messages: Range<Int>) -> [UInt8] { sealed([.entries(entries[messages].map(\.bytes))]) }

    private func sealed(_ frames: [Frame]) -> [UInt8] {
        var stream: [UInt8] = []
        for frame in frames { frame.append(to: &stream) }
        var bytes: [UInt8] = []
        var rest = stream[...]
        while let transport, !rest.isEmpty {
            var record: [UInt8] = []
            transport.seal(rest.prefix(Limits.recordBytes), into: &record)
            bytes += Self.prefixed(record)
            rest = rest.dropFirst(Limits.recordBytes)
        }
        return bytes
    }

    private static func prefixed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }
}
