import CoreModel
import Doctor
import Glibc
import Secure
import Wire

/// One dial: the connection, then the handshake under a key made for it, then the name that a peer sends. We send
/// nothing but the handshake.
final class Call {
    let endpoint: Endpoint
    private(set) var outcome: DialFacts.Outcome?
    private(set) var took: Duration = .zero
    /// The community that the relay claims, if the other side is a relay that answered.
    private(set) var community = DialFacts.Community.own

    private enum Stage { case connecting, handshake, hello }

    private let number: UInt64
    private let poller: Poller
    private let startedAt: Instant
    private var socket: OwnedSocket?
    private var stage = Stage.connecting
    private(set) var deadline: Instant
    private var handshake: LinkHandshake
    private var transport: Transport?
    private var peer: PeerID?
    private var records = RecordBuffer()
    private var frames = FrameBuffer()

    init(to endpoint: Endpoint, number: UInt64, poller: Poller, at now: Instant) {
        self.endpoint = endpoint
        self.number = number
        self.poller = poller
        startedAt = now
        deadline = now + HostBounds.callTime
        handshake = LinkHandshake(
            role: .initiator, identity: Identity(seed: Entropy.bytes(Identity.seedBytes)),
            staticKey: NoiseKeyPair(privateKey: Entropy.bytes(32)),
            ephemeral: NoiseKeyPair(privateKey: Entropy.bytes(32)))
        do throws(SystemError) {
            let socket = OwnedSocket(try Descriptor(family: endpoint.address.family, .stream))
            self.socket = socket
            let isOpen = try socket.descriptor.connect(to: endpoint)
            try poller.add(socket.descriptor.number, .link(LinkID(number: number)), isOpen ? .readable : .writable)
            if isOpen { opened(at: now) }
        } catch {
            end(Self.outcome(of: error.code, error.reason), at: now)
        }
    }

    deinit { if let socket { poller.remove(socket.descriptor.number) } }

    func ready(at now: Instant) {
        guard outcome == nil, let socket else { return }
        switch stage {
        case .connecting:
            let code = socket.descriptor.pendingError()
            guard code == 0 else {
                return end(Self.outcome(of: code, String(cString: strerror(code))), at: now)
            }
            poller.change(socket.descriptor.number, to: .readable)
            opened(at: now)
        case .handshake, .hello: read(socket, at: now)
        }
    }

    func deadlineReached(at now: Instant) {
        guard outcome == nil, deadline <= now else { return }
        switch stage {
        case .connecting: end(.timedOut, at: now)
        case .handshake: end(.other, at: now)
        // A relay sends nothing before it receives a request.
        case .hello: end(peer.map { .answered($0, name: nil) } ?? .other, at: now)
        }
    }

    private func end(_ outcome: DialFacts.Outcome, at now: Instant) {
        self.outcome = outcome
        if stage == .connecting { took = now - startedAt }
        if let socket { poller.remove(socket.descriptor.number) }
        socket = nil
    }

    private func opened(at now: Instant) {
        took = now - startedAt
        stage = .handshake
        deadline = now + HostBounds.callHandshakeTime
        if let message = handshake.begin() { send(message) }
    }

    private func send(_ message: [UInt8]) {
        let record = [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
        // A new connection accepts a few hundred bytes; if not, no answer arrives.
        _ = try? socket?.descriptor.send(record[...])
    }

    private func read(_ socket: OwnedSocket, at now: Instant) {
        let result = withUnsafeTemporaryAllocation(byteCount: HostBounds.readBytes, alignment: 1) { buffer in
            Self.bytes(of: try? socket.descriptor.receive(into: buffer), in: buffer)
        }
        guard let bytes = result else { return end(peer.map { .answered($0, name: nil) } ?? .other, at: now) }
        do {
            records.append(bytes)
            while outcome == nil, let record = try records.next() { try take(Array(record), at: now) }
        } catch HandshakeError.unsupportedVersion(let theirs, _) {
            end(.otherVersion(theirs), at: now)
        } catch {
            end(peer.map { .answered($0, name: nil) } ?? .other, at: now)
        }
    }

    /// Returns the bytes of a read; nil at the end of the connection.
    private static func bytes(of result: ReadResult?, in buffer: UnsafeMutableRawBufferPointer) -> [UInt8]? {
        switch result {
        case .bytes(let count): Array(buffer[..<count])
        case .notNow: []
        case .end, nil: nil
        }
    }

    private func take(_ record: [UInt8], at now: Instant) throws {
        if let transport, let peer {
            var plaintext: [UInt8] = []
            try transport.open(record[...], into: &plaintext)
            frames.append(plaintext)
            guard let frame = try frames.next() else { return }
            guard case .hello(let announcement, _, _) = try Frame(decoding: frame) else {
                return end(.answered(peer, name: nil), at: now)
            }
            return end(.answered(peer, name: try SignedAnnouncement(parsing: announcement).announcement.name), at: now)
        }
        switch try handshake.messageReceived(record) {
        case .send(let message): send(message)
        case .wait: break
        case .sendAndFinish(let message, let peer, let transport):
            send(message)
            finished(peer, transport, at: now)
        case .finished(let peer, let transport): finished(peer, transport, at: now)
        }
    }

    private func finished(_ peer: PeerID, _ transport: Transport, at now: Instant) {
        self.peer = peer
        self.transport = transport
        if let bytes = handshake.certificate { community = Self.community(of: peer, showing: bytes) }
        stage = .hello
        deadline = now + HostBounds.callHelloTime
    }

    /// Checks a certificate as a member does.
    private static func community(of relay: PeerID, showing bytes: [UInt8]) -> DialFacts.Community {
        let wall = Clock.wall()
        do throws(CertificateProblem) {
            let signed = try SignedCertificate(verifying: bytes)
            guard let problem = signed.problem(for: relay, toMemberAt: wall) else {
                return .certified(signed.certificate.community)
            }
            return .refuted(problem.text(at: wall))
        } catch {
            return .refuted(error.text(at: wall))
        }
    }

    private static func outcome(of code: CInt, _ reason: String) -> DialFacts.Outcome {
        switch code {
        case ECONNREFUSED: .refused
        case EHOSTUNREACH, EHOSTDOWN: .unreachable
        case ENETUNREACH, EADDRNOTAVAIL: .unroutable
        case ETIMEDOUT: .timedOut
        case EPERM, EACCES: .forbidden
        default: .failed(reason)
        }
    }
}
