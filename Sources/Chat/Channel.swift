import Secure
import Wire

/// The bytes of one link turned into frames and back: the Noise handshake, then sealed records that carry a stream of
/// frames (Protocol.md, Link). It knows nothing of what frames mean.
struct Channel {
    /// What it is doing, named by what it awaits.
    private enum Stage {
        case awaitingHandshake(LinkHandshake)
        case open(Transport)
        /// Something was wrong: nothing more is read.
        case broken
    }

    private var stage: Stage
    private var records = RecordBuffer()
    private var frames = FrameBuffer()
    /// Frames that wait to be sealed as one record; the links of a room share the storage of what is said to all.
    private var queued: [[UInt8]] = []
    /// Bytes of the queued frames with their lengths.
    private var queuedBytes = 0
    /// Messages of the handshake, with their lengths, ready for the connection.
    private var messages: [UInt8] = []

    /// - Parameters:
    ///   - certificate, spare: see ``LinkHandshake``.
    init(
        role: LinkHandshake.Role, identity: Identity, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair,
        certificate: [UInt8]? = nil, spare: NoiseKeyPair? = nil
    ) {
        stage = .awaitingHandshake(
            LinkHandshake(
                role: role, identity: identity, staticKey: staticKey, ephemeral: ephemeral, certificate: certificate,
                spare: spare))
    }

    /// In the place of one that is of no use any more: reads nothing, has nothing to send, keeps nothing.
    init(closed: Void) { stage = .broken }

    /// The connection stands: an initiator speaks first.
    mutating func opened() {
        guard case .awaitingHandshake(var handshake) = stage, let message = handshake.begin() else { return }
        stage = .awaitingHandshake(handshake)
        appendRecord(message)
    }

    /// What some bytes led to.
    struct Received {
        /// Set in the one call that ended the handshake.
        var authenticated: PeerID?
        /// What a relay that was dialled shows of its community, unchecked; set together with ``authenticated``.
        var certificate: [UInt8]?
        var frames: [[UInt8]] = []
    }

    /// - Throws: once, when the peer broke the protocol; afterwards all bytes are ignored.
    mutating func bytesReceived(_ bytes: [UInt8]) throws(LinkViolation) -> Received {
        var received = Received()
        if case .broken = stage { return received }
        do {
            records.append(bytes)
            while let record = try records.next() {
                try recordReceived(record, &received)
            }
        } catch {
            stage = .broken
            throw LinkViolation(describing: error)
        }
        return received
    }

    private mutating func recordReceived(_ record: ArraySlice<UInt8>, _ received: inout Received) throws {
        switch stage {
        case .awaitingHandshake(var handshake):
            switch try handshake.messageReceived(Array(record)) {
            case .send(let message):
                appendRecord(message)
                stage = .awaitingHandshake(handshake)
            case .wait:
                stage = .awaitingHandshake(handshake)
            case .sendAndFinish(let message, let peer, let transport):
                appendRecord(message)
                stage = .open(transport)
                received.authenticated = peer
                received.certificate = handshake.certificate
            case .finished(let peer, let transport):
                stage = .open(transport)
                received.authenticated = peer
            }
        case .open(let transport):
            var plaintext: [UInt8] = []
            try transport.open(record, into: &plaintext)
            frames.append(plaintext)
            while let frame = try frames.next() {
                received.frames.append(Array(frame))
            }
        case .broken:
            break
        }
    }

    /// Queues an encoded frame; it leaves with the next ``flush(into:)``.
    mutating func queue(_ frame: [UInt8]) {
        precondition(frame.count <= Limits.frameBytes, "a frame of ours is too long")
        queued.append(frame)
        queuedBytes += 2 + frame.count
    }

    /// Whether ``flush(into:)`` has something to give.
    var hasOutput: Bool { outputBytes > 0 }

    /// How many bytes ``flush(into:)`` is going to append.
    var outputBytes: Int {
        guard case .open = stage, queuedBytes > 0 else { return messages.count }
        let records = (queuedBytes + Limits.recordBytes - 1) / Limits.recordBytes
        return messages.count + queuedBytes + records * (2 + Transport.tagBytes)
    }

    /// Appends everything that is ready for the connection: all queued frames as few records as possible. Allocates
    /// nothing if `output` has the capacity.
    mutating func flush(into output: inout [UInt8]) {
        if !messages.isEmpty {
            output.append(contentsOf: messages)
            messages = []
        }
        guard case .open(let transport) = stage, queuedBytes > 0 else { return }
        var writer = RecordWriter(transport: transport)
        // By place: a walk over the array would hold it while it is emptied, which then makes a new one.
        for place in queued.indices { writer.append(queued[place], to: &output) }
        writer.finish(&output)
        queuedBytes = 0
        queued.removeAll(keepingCapacity: queued.capacity <= Self.keptFrames)
    }

    /// Room for this many frames is kept when they have left: 8 bytes each.
    private static let keptFrames = 8

    private mutating func appendRecord(_ message: [UInt8]) {
        messages.append(UInt8(truncatingIfNeeded: message.count >> 8))
        messages.append(UInt8(truncatingIfNeeded: message.count))
        messages.append(contentsOf: message)
    }
}

/// Lays frames out as the plaintext stream and seals it in place, record by record.
private struct RecordWriter {
    let transport: Transport
    /// Where the plaintext of the record that is being filled begins; nil between records.
    private var start: Int?

    init(transport: Transport) { self.transport = transport }

    mutating func append(_ frame: [UInt8], to output: inout [UInt8]) {
        if room(in: &output) >= 2 + frame.count {
            output.append(UInt8(truncatingIfNeeded: frame.count >> 8))
            output.append(UInt8(truncatingIfNeeded: frame.count))
            output.append(contentsOf: frame)
            return
        }
        appendByte(UInt8(truncatingIfNeeded: frame.count >> 8), to: &output)
        appendByte(UInt8(truncatingIfNeeded: frame.count), to: &output)
        var rest = frame[...]
        while !rest.isEmpty {
            let part = rest.prefix(room(in: &output))
            output.append(contentsOf: part)
            rest = rest[part.endIndex...]
        }
    }

    private mutating func appendByte(_ byte: UInt8, to output: inout [UInt8]) {
        _ = room(in: &output)
        output.append(byte)
    }

    /// What the record still takes; a full one is sealed and the next one begun.
    private mutating func room(in output: inout [UInt8]) -> Int {
        if let start {
            let room = Limits.recordBytes - (output.count - start)
            if room > 0 { return room }
            finish(&output)
        }
        // Its length, known when it is full.
        output.append(0)
        output.append(0)
        start = output.count
        return Limits.recordBytes
    }

    mutating func finish(_ output: inout [UInt8]) {
        guard let start else { return }
        transport.seal(tailOf: &output, from: start)
        let length = output.count - start
        output[start - 2] = UInt8(truncatingIfNeeded: length >> 8)
        output[start - 1] = UInt8(truncatingIfNeeded: length)
        self.start = nil
    }
}

/// How a peer broke the protocol; the text is for the diagnostic log.
struct LinkViolation: Error, Equatable {
    var text: String
    /// The version that the other side speaks, if that is what is wrong.
    var theirVersion: UInt64?

    init(_ text: String) { self.text = text }

    init(describing error: any Error) {
        if let violation = error as? LinkViolation {
            self = violation
            return
        }
        text = String(describing: error)
        if case .unsupportedVersion(let theirs, _)? = error as? HandshakeError { theirVersion = theirs }
        if case .anotherVersion(let theirs)? = error as? SignedError { theirVersion = theirs }
    }
}
