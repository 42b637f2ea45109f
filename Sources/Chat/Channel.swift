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
    /// Frames, each behind its length, that wait to be sealed as one record.
    private var unsealed: [UInt8] = []
    /// Bytes ready for the connection, in front of whatever is sealed next.
    private var sealed: [UInt8] = []

    init(role: LinkHandshake.Role, identity: Identity, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair) {
        stage = .awaitingHandshake(
            LinkHandshake(role: role, identity: identity, staticKey: staticKey, ephemeral: ephemeral))
    }

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
            case .sendAndFinish(let message, let peer, let transport):
                appendRecord(message)
                stage = .open(transport)
                received.authenticated = peer
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

    /// Queues an encoded frame; it leaves with the next ``flush()``.
    mutating func queue(_ frame: [UInt8]) {
        precondition(frame.count <= Limits.frameBytes, "a frame of ours is too long")
        unsealed.append(UInt8(truncatingIfNeeded: frame.count >> 8))
        unsealed.append(UInt8(truncatingIfNeeded: frame.count))
        unsealed.append(contentsOf: frame)
    }

    /// Whether ``flush()`` has something to give.
    var hasOutput: Bool {
        if !sealed.isEmpty { return true }
        if case .open = stage { return !unsealed.isEmpty }
        return false
    }

    /// Everything that is ready for the connection: all queued frames as few records as possible.
    mutating func flush() -> [UInt8] {
        if case .open(let transport) = stage, !unsealed.isEmpty {
            sealed.reserveCapacity(sealed.count + unsealed.count + 64)
            var start = 0
            while start < unsealed.count {
                let end = min(start + Limits.recordBytes, unsealed.count)
                let length = end - start + Transport.tagBytes
                sealed.append(UInt8(truncatingIfNeeded: length >> 8))
                sealed.append(UInt8(truncatingIfNeeded: length))
                transport.seal(unsealed[start..<end], into: &sealed)
                start = end
            }
            unsealed.removeAll(keepingCapacity: unsealed.count <= Limits.recordBytes)
        }
        defer { sealed.removeAll() }
        return sealed
    }

    private mutating func appendRecord(_ message: [UInt8]) {
        sealed.append(UInt8(truncatingIfNeeded: message.count >> 8))
        sealed.append(UInt8(truncatingIfNeeded: message.count))
        sealed.append(contentsOf: message)
    }
}

/// How a peer broke the protocol; the text is for the diagnostic log.
struct LinkViolation: Error, Equatable {
    var text: String

    init(_ text: String) { self.text = text }

    init(describing error: any Error) {
        text = (error as? LinkViolation)?.text ?? String(describing: error)
    }
}
