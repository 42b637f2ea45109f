package import CoreModel
package import Links
import PeerCore
package import RelayCore
import RoomSync
package import Secure
import Testing
package import Wire

/// A scripted member that sends exactly what a test specifies.
package final class TestMember {
    package let identity: Identity
    package let link: LinkID
    package let endpoint: Endpoint
    package var channel: Channel
    package var frames: [Frame] = []
    package var isClosed = false
    package var isReading = true
    package var relay: PeerID?
    /// The certificate of its community that the relay presented.
    package var certificate: [UInt8]?
    package var lamport: UInt64 = 0
    /// The features that it announces.
    package var features: Features = []

    package init(identity: Identity, link: LinkID, endpoint: Endpoint, random: inout RandomStream) {
        self.identity = identity
        self.link = link
        self.endpoint = endpoint
        channel = Channel(
            role: .initiator, identity: identity, staticKey: NoiseKeyPair(privateKey: random.bytes(32)),
            ephemeral: NoiseKeyPair(privateKey: random.bytes(32)))
        channel.opened()
    }

    package var id: PeerID { identity.peerID }

    /// Returns a hello with an announcement of this name.
    package func hello(as name: String) -> Frame {
        let announcement = Announcement(
            kind: .announce, peer: id, instance: 1, sequence: 1, name: name, claimTime: 1, linkPort: 1,
            features: features)
        return .hello(
            announcement: SignedAnnouncement(signing: announcement, by: identity).bytes, gathering: nil, away: nil)
    }

    /// Returns an entry of the relay's lobby.
    package func entry(_ text: String, lamport: UInt64? = nil, signedBy other: Identity? = nil) -> SignedEntry {
        self.lamport = lamport ?? self.lamport + 1
        let author = other ?? identity
        let entry = Entry(
            room: relay.map { .relayLobby(of: $0) } ?? .least, author: author.peerID, lamport: self.lamport,
            wallTime: 1_800_000_000_000, parents: [], kind: .text, body: text)
        return SignedEntry(signing: entry, by: author)
    }

    // Received frames.

    package var welcome: RelayWelcome? {
        frames.lazy.compactMap { if case .welcome(let welcome) = $0 { welcome } else { nil } }.last
    }
    package var refusal: RelayRefusal? {
        frames.lazy.compactMap { if case .refusal(let refusal) = $0 { refusal } else { nil } }.last
    }
    package var removal: RelayRemoval? {
        frames.lazy.compactMap { if case .removed(let removal) = $0 { removal } else { nil } }.last
    }
    package var goodbye: GoodbyeReason? {
        frames.lazy.compactMap { if case .goodbye(let reason) = $0 { reason } else { nil } }.last
    }
    package var answers: [RelayModerated] {
        frames.compactMap { if case .moderated(let answer) = $0 { answer } else { nil } }
    }
    package var notices: [String] { frames.compactMap { if case .notice(let text) = $0 { text } else { nil } } }
    package var declined: [RelayDecline] {
        frames.compactMap { if case .declined(_, _, let why) = $0 { why } else { nil } }
    }
    package var texts: [String] {
        frames.flatMap { frame -> [String] in
            guard case .entries(let list) = frame else { return [] }
            return list.compactMap { try? SignedEntry(verifying: $0).entry.body }
        }
    }
    /// The members by key, as the relay reported them.
    package var roster: [PeerID: RelayMember] {
        var roster: [PeerID: RelayMember] = [:]
        for frame in frames {
            guard case .members(let members) = frame else { continue }
            if members.isFresh { roster = [:] }
            for change in members.changes { roster[change.peer] = change.state == .here ? change : nil }
        }
        return roster
    }
    package var names: [String] { roster.values.map(\.name).sorted() }
}

/// A relay with scripted members on connections without latency.
package final class RelayRig {
    package var relay: Relay
    package let archive: MemoryArchive
    package let identity: Identity
    package var configuration: RelayConfiguration
    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    package var wall: UInt64 = 1_800_000_000_000
    package private(set) var members: [LinkID: TestMember] = [:]
    package var notes: [Note] = []
    package var events: [Event] = []
    package var exit: CoreModel.ExitStatus?
    private var nextLink: UInt64 = 1 << 63
    private var random: RandomStream

    /// Starts a relay.
    /// - Parameter certified: Makes a certificate for its key.
    package init(
        seed: UInt64 = 1, _ change: (inout RelayConfiguration) -> Void = { _ in },
        certified: ((PeerID) -> SignedCertificate)? = nil
    ) throws {
        random = RandomStream(simulationSeed: seed)
        var configuration = RelayConfiguration(name: try Nickname("hub"))
        change(&configuration)
        archive = MemoryArchive()
        identity = Identity(seed: random.bytes(32))
        configuration.certificate = certified?(identity.peerID)
        self.configuration = configuration
        relay = try Relay(
            configuration: configuration, identity: identity, random: RandomStream(simulationSeed: seed + 1),
            archive: archive)
        tell(.started(linkPort: 47475, interfaces: []))
    }

    /// Returns a check that accepts exactly this password.
    package static func isRight(_ password: String) -> PasswordCheck {
        PasswordCheck(tag: Array(password.utf8)) { $0 == Array(password.utf8) }
    }

    /// Passes an input to the relay and carries out all outputs.
    package func tell(_ input: Input) {
        relay.handle(input, at: now, wall: WallTime(milliseconds: wall))
        drain()
    }

    private func drain() {
        while let output = relay.nextOutput() {
            switch output {
            case .sendOnLink(let id, let bytes) where id.isGuest: guests[id]?.received += bytes
            case .sendOnLink(let id, let bytes): arrive(bytes, at: id)
            case .closeLink(let id, _):
                members[id]?.isClosed = true
                guests[id]?.isClosed = true
                relay.handle(.linkClosed(id, .closedByUs), at: now, wall: WallTime(milliseconds: wall))
            case .awaitDrained(let id):
                if members[id]?.isReading ?? true {
                    relay.handle(.linkDrained(id), at: now, wall: WallTime(milliseconds: wall))
                }
            case .note(let note): notes.append(note)
            case .notify(let event, _): events.append(event)
            case .finished(let status): exit = status
            case .multicast, .sendDatagram, .openLink, .findHost: Issue.record("a relay does nothing of the kind")
            }
        }
    }

    /// The guests with plain text, by link.
    package var guests: [LinkID: (received: [UInt8], isClosed: Bool)] = [:]

    private func arrive(_ bytes: [UInt8], at id: LinkID) {
        guard let member = members[id] else { return }
        do {
            let received = try member.channel.bytesReceived(bytes)
            member.relay = received.authenticated ?? member.relay
            member.certificate = received.certificate ?? member.certificate
            for frame in received.frames { member.frames.append(try Frame(decoding: frame)) }
        } catch {
            Issue.record("the relay broke the protocol: \(error)")
        }
    }

    /// Connects a member and completes the handshake.
    package func connect(_ identity: Identity? = nil, from address: UInt32 = 0x0A00_0001) -> TestMember {
        let id = LinkID(number: nextLink)
        nextLink += 1
        let endpoint = Endpoint(address: .v4(address), port: 40_000)
        let member = TestMember(
            identity: identity ?? Identity(seed: random.bytes(32)), link: id, endpoint: endpoint, random: &random)
        members[id] = member
        tell(.linkAccepted(id, from: endpoint))
        flush(member)
        flush(member)
        return member
    }

    /// Connects a member and joins; it may have been refused.
    @discardableResult
    package func join(
        _ name: String, password: String? = nil, isStrict: Bool = false, as identity: Identity? = nil,
        from address: UInt32 = 0x0A00_0001, features: Features = []
    ) -> TestMember {
        let member = connect(identity, from: address)
        member.features = features
        say(
            [
                member.hello(as: name),
                .join(
                    RelayJoin(
                        name: name, isStrict: isStrict, password: password.map { Array($0.utf8) }, program: "test 1")),
            ], member)
        return member
    }

    package func say(_ frames: [Frame], _ member: TestMember) {
        for frame in frames { member.channel.queue(frame.encoded()) }
        flush(member)
    }

    package func sayEncoded(_ frame: [UInt8], _ member: TestMember) {
        member.channel.queue(frame)
        flush(member)
    }

    package func say(_ text: String, _ member: TestMember) { say([.entries([member.entry(text).bytes])], member) }

    package func moderate(
        _ member: TestMember, _ act: RelayModeration.Act, _ target: String = "", _ text: String = "",
        for seconds: UInt64? = nil
    ) -> RelayModerated? {
        say([.moderate(.init(number: 7, act: act, target: target, text: text, seconds: seconds))], member)
        return member.answers.last
    }

    private func flush(_ member: TestMember) {
        var bytes: [UInt8] = []
        member.channel.flush(into: &bytes, most: .max)
        guard !bytes.isEmpty, !member.isClosed else { return }
        tell(.linkBytesReceived(member.link, bytes))
    }

    package func close(_ member: TestMember, _ end: LinkEnd = .failed("reset")) {
        member.isClosed = true
        tell(.linkClosed(member.link, end))
    }

    /// Lets time pass and delivers the deadlines.
    package func wait(_ duration: Duration) {
        let end = now + duration
        while let next = relay.nextDeadline, next.at <= end {
            let step = max(next.at, now + .microseconds(1))
            wall += UInt64((step - now).wholeNanoseconds / 1_000_000)
            now = step
            tell(.deadlineReached)
        }
        wall += UInt64((end - now).wholeNanoseconds / 1_000_000)
        now = end
    }

    /// Lets days pass in which nothing happens and no member stays.
    package func run(days: Int) {
        for _ in 0..<days * 144 {
            wall += 600_000
            now = now + .seconds(600)
            tell(.deadlineReached)
        }
    }

    /// Kills the process and starts it again with what it had stored.
    package func restart() throws {
        for member in members.values { member.isClosed = true }
        relay = try Relay(
            configuration: configuration, identity: identity, random: RandomStream(simulationSeed: 99),
            archive: archive)
        tell(.started(linkPort: 47475, interfaces: []))
    }
}
