package import CoreModel
package import Secure
package import Wire

/// The codec of one link: the Noise handshake, then sealed records that carry a stream of frames (Protocol.md, Link).
/// It does not parse the frames.
package struct Channel {
    /// The stage of the link, named by the input that it awaits.
    private enum Stage {
        case awaitingHandshake(LinkHandshake)
        case open(Transport)
        /// A frame had an invalid length: nothing more is read, but a goodbye can still be sent.
        case sendOnly(Transport)
        /// The protocol was broken: nothing more is read.
        case broken
    }

    private var stage: Stage
    private var records = RecordBuffer()
    private var frames = FrameBuffer()
    /// The frames that wait to be sealed, by lane.
    private var control = FrameQueue()
    private var chat = FrameQueue()
    private var sync = FrameQueue()
    /// Handshake messages with their lengths, ready for the connection.
    private var messages: [UInt8] = []

    /// Begins a handshake.
    /// - Parameters:
    ///   - certificate, spare: See ``LinkHandshake``.
    package init(
        role: LinkHandshake.Role, identity: Identity, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair,
        certificate: [UInt8]? = nil, spare: NoiseKeyPair? = nil
    ) {
        stage = .awaitingHandshake(
            LinkHandshake(
                role: role, identity: identity, staticKey: staticKey, ephemeral: ephemeral, certificate: certificate,
                spare: spare))
    }

    /// Creates a placeholder for a closed link: it reads nothing, sends nothing and holds no buffers.
    package init(closed: Void) { stage = .broken }

    /// Handles the opening of the connection: an initiator sends the first message.
    package mutating func opened() {
        guard case .awaitingHandshake(var handshake) = stage, let message = handshake.begin() else { return }
        stage = .awaitingHandshake(handshake)
        appendRecord(message)
    }

    /// The result of receiving bytes.
    package struct Received {
        /// The authenticated peer; set only in the call that completed the handshake.
        package internal(set) var authenticated: PeerID?
        /// The certificate of its community that a dialled relay presents, unverified; set together with
        /// ``authenticated``.
        package internal(set) var certificate: [UInt8]?
        package internal(set) var frames: [[UInt8]] = []
    }

    /// Decodes received bytes.
    /// - Throws: Once, when the peer broke the protocol; afterwards all bytes are ignored.
    package mutating func bytesReceived(_ bytes: [UInt8]) throws(LinkViolation) -> Received {
        var received = Received()
        switch stage {
        case .sendOnly, .broken: return received
        case .awaitingHandshake, .open: break
        }
        do {
            records.append(bytes)
            while let record = try records.next() {
                try recordReceived(record, &received)
            }
        } catch {
            if case .open(let transport) = stage, frames.isBroken {
                stage = .sendOnly(transport)
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
        case .sendOnly, .broken:
            break
        }
    }

    /// The transport that seals outgoing frames, if the link can send.
    private var sealing: Transport? {
        switch stage {
        case .open(let transport), .sendOnly(let transport): transport
        case .awaitingHandshake, .broken: nil
        }
    }

    /// Queues an encoded frame. A later ``flush(into:most:)`` sends it.
    package mutating func queue(_ frame: [UInt8], in lane: Lane = .chat) {
        precondition(frame.count <= Limits.frameBytes, "a frame of ours is too long")
        switch lane {
        case .control: control.append(frame)
        case .chat: chat.append(frame)
        case .sync: sync.append(frame)
        }
    }

    /// The size of the queued frames with their lengths, in bytes.
    package var queuedBytes: Int { control.bytes + chat.bytes + sync.bytes }

    /// The size of the queued frames of the sync lane, which yields to all others, in bytes.
    package var queuedSyncBytes: Int { sync.bytes }

    /// Whether ``flush(into:most:)`` would append anything.
    package var hasOutput: Bool {
        if !messages.isEmpty { return true }
        return sealing != nil && queuedBytes > 0
    }

    /// Returns the maximum number of bytes that ``flush(into:most:)`` would append.
    func outputBytes(most room: Int) -> Int {
        let bytes = min(queuedBytes, room)
        guard sealing != nil, bytes > 0 else { return messages.count }
        let records = (bytes + Limits.recordBytes - 1) / Limits.recordBytes
        return messages.count + bytes + records * (2 + Transport.tagBytes)
    }

    /// Appends the bytes that are ready for the connection: queued frames, higher lanes first, in as few records as
    /// possible. Allocates nothing if `output` has the capacity.
    /// - Parameter room: The maximum size of the frames in bytes; a frame is never divided.
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

/// Writes frames as the plaintext stream and seals it in place, record by record.
private struct RecordWriter {
    let transport: Transport
    /// The start of the plaintext of the current record; nil between records.
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

    /// Returns the free space of the current record; a full one is sealed and the next one begun.
    private mutating func room(in output: inout [UInt8]) -> Int {
        if let start {
            let room = Limits.recordBytes - (output.count - start)
            if room > 0 { return room }
            finish(&output)
        }
        // Its length, which is filled in when it is full.
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
