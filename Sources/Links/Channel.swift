package import CoreModel
package import Secure
package import Wire

/// The bytes of one link turned into frames and back: the Noise handshake, then sealed records that carry a stream of
/// frames (Protocol.md, Link). It knows nothing of what frames mean.
package struct Channel {
    /// What it is doing, named by what it awaits.
    private enum Stage {
        case awaitingHandshake(LinkHandshake)
        case open(Transport)
        /// A frame had a length that none has: nothing more is read, and a goodbye can still be said.
        case deaf(Transport)
        /// Something was wrong: nothing more is read.
        case broken
    }

    private var stage: Stage
    private var records = RecordBuffer()
    private var frames = FrameBuffer()
    /// Frames that wait to be sealed.
    private var control = FrameQueue()
    private var chat = FrameQueue()
    private var sync = FrameQueue()
    /// Messages of the handshake, with their lengths, ready for the connection.
    private var messages: [UInt8] = []

    /// - Parameters:
    ///   - certificate, spare: see ``LinkHandshake``.
    package init(
        role: LinkHandshake.Role, identity: Identity, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair,
        certificate: [UInt8]? = nil, spare: NoiseKeyPair? = nil
    ) {
        stage = .awaitingHandshake(
            LinkHandshake(
                role: role, identity: identity, staticKey: staticKey, ephemeral: ephemeral, certificate: certificate,
                spare: spare))
    }

    /// In the place of one that is of no use any more: reads nothing, has nothing to send, keeps nothing.
    package init(closed: Void) { stage = .broken }

    /// The connection is up: an initiator speaks first.
    package mutating func opened() {
        guard case .awaitingHandshake(var handshake) = stage, let message = handshake.begin() else { return }
        stage = .awaitingHandshake(handshake)
        appendRecord(message)
    }

    /// What some bytes led to.
    package struct Received {
        /// Set in the one call that ended the handshake.
        package var authenticated: PeerID?
        /// What a relay that was dialled shows of its community, unchecked; set together with ``authenticated``.
        package var certificate: [UInt8]?
        package var frames: [[UInt8]] = []
    }

    /// - Throws: once, when the peer broke the protocol; afterwards all bytes are ignored.
    package mutating func bytesReceived(_ bytes: [UInt8]) throws(LinkViolation) -> Received {
        var received = Received()
        switch stage {
        case .deaf, .broken: return received
        case .awaitingHandshake, .open: break
        }
        do {
            records.append(bytes)
            while let record = try records.next() {
                try recordReceived(record, &received)
            }
        } catch {
            if case .open(let transport) = stage, frames.isBroken {
                stage = .deaf(transport)
            } else {
                stage = .broken
            }
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
        case .deaf, .broken:
            break
        }
    }

    /// What seals what is sent, if anything does.
    private var sealing: Transport? {
        switch stage {
        case .open(let transport), .deaf(let transport): transport
        case .awaitingHandshake, .broken: nil
        }
    }

    /// Queues an encoded frame; it leaves with a later ``flush(into:most:)``.
    package mutating func queue(_ frame: [UInt8], in lane: Lane = .chat) {
        precondition(frame.count <= Limits.frameBytes, "a frame of ours is too long")
        switch lane {
        case .control: control.append(frame)
        case .chat: chat.append(frame)
        case .sync: sync.append(frame)
        }
    }

    /// Bytes of the queued frames with their lengths.
    package var queuedBytes: Int { control.bytes + chat.bytes + sync.bytes }

    /// The same, of the lane that gives way to all others.
    package var queuedSyncBytes: Int { sync.bytes }

    /// Whether something waits that ``flush(into:most:)`` can give.
    package var hasOutput: Bool {
        if !messages.isEmpty { return true }
        return sealing != nil && queuedBytes > 0
    }

    /// How many bytes ``flush(into:most:)`` is going to append at most.
    func outputBytes(most room: Int) -> Int {
        let bytes = min(queuedBytes, room)
        guard sealing != nil, bytes > 0 else { return messages.count }
        let records = (bytes + Limits.recordBytes - 1) / Limits.recordBytes
        return messages.count + bytes + records * (2 + Transport.tagBytes)
    }

    /// Appends what is ready for the connection: queued frames, those of a higher lane first, as few records as possible.
    /// Allocates nothing if `output` has the capacity.
    /// - Parameter room: How many bytes of frames at most; a frame is never divided.
    package mutating func flush(into output: inout [UInt8], most room: Int) {
        if !messages.isEmpty {
            output.append(contentsOf: messages)
            messages = []
        }
        guard let transport = sealing, queuedBytes > 0 else { return }
        var writer = RecordWriter(transport: transport)
        var left = room
        control.take(within: &left) { writer.append($0, to: &output) }
        if control.bytes == 0 { chat.take(within: &left) { writer.append($0, to: &output) } }
        if control.bytes + chat.bytes == 0 { sync.take(within: &left) { writer.append($0, to: &output) } }
        writer.finish(&output)
    }

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
