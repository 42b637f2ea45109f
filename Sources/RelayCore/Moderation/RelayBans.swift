import CoreModel
import RoomSync
import Wire

/// One ban: it keeps out everyone with the key, the name or the address.
struct RelayBanRecord: Equatable {
    /// As the operator wrote it, or the name of the banned member; may contain `*` and `?`.
    var name: String
    /// The form that is compared; nil if the text is not a name.
    var folded: String?
    var peer: PeerID?
    var address: AddressKey?
    var reason: String
    /// The operator that imposed the ban.
    var by: String
    /// The time at which the ban ends, by ``AgeClock/counted``; nil: permanent.
    var until: WallTime?

    /// Returns whether the ban applies to a key, a name or an address.
    func matches(_ peer: PeerID?, _ name: Nickname?, _ address: AddressKey?) -> Bool {
        if let peer, self.peer == peer { return true }
        if let address, self.address == address { return true }
        guard let folded, let name else { return false }
        return Self.glob(Array(folded.unicodeScalars), matches: Array(name.folded.unicodeScalars))
    }

    /// Returns whether an operator's text means this ban.
    func isMeant(by target: String) -> Bool {
        if let peer = PeerID(hexadecimal: target) { return self.peer == peer }
        if let address, address.text == target { return true }
        return name == target || (folded != nil && (try? Nickname(target))?.folded == folded)
    }

    /// Matches a pattern in which `*` is any text and `?` one character. It backtracks only to the last `*`.
    private static func glob(_ pattern: [Unicode.Scalar], matches text: [Unicode.Scalar]) -> Bool {
        var (p, t) = (0, 0)
        var star: (p: Int, t: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                p = last.p + 1
                t = last.t + 1
                star = (last.p, t)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }

    // Stored as CBOR: name, peer, address, reason, by, until.

    var bytes: [UInt8] {
        var writer = CBORWriter(capacityBytes: 128)
        writer.array(count: 6)
        writer.text(name)
        if let peer { writer.identifier(peer) } else { writer.null() }
        if let address { writer.bytes(address.bytes) } else { writer.null() }
        writer.text(reason)
        writer.text(by)
        if let until { writer.unsigned(until.milliseconds) } else { writer.null() }
        return writer.bytes
    }

    init?(bytes: [UInt8]) {
        do {
            var reader = CBORReader(bytes)
            guard try reader.array() == 6 else { return nil }
            name = try reader.text(maximumBytes: Limits.phraseBytes)
            peer = reader.takeNull() ? nil : try reader.identifier()
            address = reader.takeNull() ? nil : AddressKey(bytes: try reader.bytes(maximum: 9))
            reason = try reader.text(maximumBytes: Limits.phraseBytes)
            by = try reader.text(maximumBytes: Limits.nameBytes)
            until = reader.takeNull() ? nil : WallTime(milliseconds: try reader.unsigned())
            try reader.finish()
            folded = (try? Nickname(name))?.folded
        } catch {
            return nil
        }
    }

    init(
        name: String, peer: PeerID?, address: AddressKey?, reason: String, by: String, until: WallTime?
    ) {
        self.name = name
        folded = (try? Nickname(name))?.folded
        self.peer = peer
        self.address = address
        self.reason = reason
        self.by = by
        self.until = until
    }

    /// Returns the ban as operators see it.
    func shown(by clock: AgeClock) -> RelayBan {
        RelayBan(
            name: name, peer: peer, address: address?.text, reason: reason, by: by,
            until: until.map { clock.shown($0).milliseconds })
    }
}

/// The decisions of moderation, which are kept across restarts.
struct RelayModerationBook {
    /// The maximum number of bans; each costs half a microsecond at a join.
    static let banCount = 2_000
    /// The maximum number each of mutes and of operators.
    static let peerCount = 2_000

    /// A key with the time until which a decision applies to it.
    struct Mark: Equatable {
        var peer: PeerID
        /// Nil: permanent.
        var until: WallTime?
        /// For an operator, the tag of the password that made it one. For a muted key, the name it had.
        var tag: [UInt8]
    }

    private(set) var bans: [RelayBanRecord] = []
    private(set) var mutes: [Mark] = []
    private(set) var operators: [Mark] = []
    private(set) var topic: String?
    private(set) var topicBy = ""
    private var keptBans: SettingList
    private var keptMutes: SettingList
    private var keptOperators: SettingList
    private static let topicSetting = "relay topic"

    init(archive: any Archive) throws(ArchiveError) {
        keptBans = try SettingList(named: "relay ban", in: archive)
        keptMutes = try SettingList(named: "relay mute", in: archive)
        keptOperators = try SettingList(named: "relay operator", in: archive)
        bans = keptBans.values.map { RelayBanRecord(bytes: $0) ?? .unreadable }
        mutes = keptMutes.values.map { Mark(bytes: $0) ?? .unreadable }
        operators = keptOperators.values.map { Mark(bytes: $0) ?? .unreadable }
        if let bytes = try archive.setting(Self.topicSetting) {
            var reader = CBORReader(bytes)
            if (try? reader.array()) == 2 {
                topic = try? reader.text(maximumBytes: Limits.phraseBytes)
                topicBy = (try? reader.text(maximumBytes: Limits.nameBytes)) ?? ""
            }
        }
    }

    // Queries.

    /// Returns the first ban that applies and has not ended.
    func ban(of peer: PeerID?, _ name: Nickname?, _ address: AddressKey?, at counted: WallTime) -> RelayBanRecord? {
        bans.first { ($0.until.map { counted < $0 } ?? true) && $0.matches(peer, name, address) }
    }

    func isMuted(_ peer: PeerID, at counted: WallTime) -> Bool {
        mutes.contains { $0.peer == peer && ($0.until.map { counted < $0 } ?? true) }
    }

    /// Returns the name that a key had when it was muted; nil if it is unknown.
    func mutedName(of peer: PeerID) -> Nickname? {
        mutes.first { $0.peer == peer }.flatMap { try? Nickname(String(decoding: $0.tag, as: UTF8.self)) }
    }

    func isOperator(_ peer: PeerID, passwordTag: [UInt8]?) -> Bool {
        guard let passwordTag else { return false }
        return operators.contains { $0.peer == peer && $0.tag == passwordTag }
    }

    // Changes. Each throws if it could not be stored; nothing has changed then.

    mutating func add(_ ban: RelayBanRecord, in archive: any Archive) throws(ArchiveError) {
        try keptBans.append(ban.bytes, in: archive)
        bans.append(ban)
    }

    mutating func removeBan(at index: Int, in archive: any Archive) throws(ArchiveError) {
        try keptBans.remove(at: index, in: archive)
        bans.swapAt(index, bans.count - 1)
        bans.removeLast()
    }

    /// Mutes a key.
    /// - Parameter name: Its name until it may speak again; nil if it is unknown.
    mutating func mute(
        _ peer: PeerID, called name: Nickname?, until: WallTime?, in archive: any Archive
    ) throws(ArchiveError) {
        try unmute(peer, in: archive)
        let mark = Mark(peer: peer, until: until, tag: name.map { Array($0.text.utf8) } ?? [])
        try keptMutes.append(mark.bytes, in: archive)
        mutes.append(mark)
    }

    mutating func unmute(_ peer: PeerID, in archive: any Archive) throws(ArchiveError) {
        guard let index = mutes.firstIndex(where: { $0.peer == peer }) else { return }
        try keptMutes.remove(at: index, in: archive)
        mutes.swapAt(index, mutes.count - 1)
        mutes.removeLast()
    }

    mutating func makeOperator(_ peer: PeerID, tag: [UInt8], in archive: any Archive) throws(ArchiveError) {
        if let index = operators.firstIndex(where: { $0.peer == peer || $0.tag != tag }) {
            // An operator with an outdated password makes room.
            try keptOperators.remove(at: index, in: archive)
            operators.swapAt(index, operators.count - 1)
            operators.removeLast()
        }
        guard operators.count < Self.peerCount else { return }
        let mark = Mark(peer: peer, until: nil, tag: tag)
        try keptOperators.append(mark.bytes, in: archive)
        operators.append(mark)
    }

    mutating func setTopic(_ topic: String?, by name: String, in archive: any Archive) throws(ArchiveError) {
        var writer = CBORWriter()
        writer.array(count: 2)
        writer.text(topic ?? "")
        writer.text(name)
        try archive.setSetting(Self.topicSetting, to: topic == nil ? nil : writer.bytes)
        self.topic = topic
        topicBy = name
    }

    // Expiry.

    /// Removes the bans and mutes that have ended.
    /// - Returns: The keys that are no longer muted.
    mutating func removeExpired(at counted: WallTime, in archive: any Archive) throws(ArchiveError) -> [PeerID] {
        while let index = bans.firstIndex(where: { $0.until.map { $0 <= counted } ?? false }) {
            try removeBan(at: index, in: archive)
        }
        var unmuted: [PeerID] = []
        while let mark = mutes.first(where: { $0.until.map { $0 <= counted } ?? false }) {
            try unmute(mark.peer, in: archive)
            unmuted.append(mark.peer)
        }
        return unmuted
    }

    /// Returns when the next ban or mute ends, at most an hour from now.
    func nextDeadline(at now: Instant, counted: WallTime) -> Deadline? {
        let ends = bans.compactMap(\.until) + mutes.compactMap(\.until)
        guard let next = ends.min() else { return nil }
        // The counted time may follow the wall clock, so it is checked at least once an hour.
        let milliseconds = next.milliseconds > counted.milliseconds ? next.milliseconds - counted.milliseconds : 0
        let wait = min(Duration.milliseconds(Int64(clamping: min(milliseconds, 3_600_000))), .seconds(3_600))
        return Deadline(at: now + max(wait, .milliseconds(1)), reason: "a ban or a mute ends")
    }
}

extension RelayBanRecord {
    /// A placeholder for a damaged ban, so that the other bans keep their indexes; it has already ended.
    fileprivate static let unreadable = RelayBanRecord(
        name: "", peer: nil, address: nil, reason: "unreadable", by: "", until: WallTime(milliseconds: 0))
}

extension RelayModerationBook.Mark {
    fileprivate static let unreadable = Self(peer: .least, until: WallTime(milliseconds: 0), tag: [])

    var bytes: [UInt8] {
        var writer = CBORWriter()
        writer.array(count: 3)
        writer.identifier(peer)
        if let until { writer.unsigned(until.milliseconds) } else { writer.null() }
        writer.bytes(tag)
        return writer.bytes
    }

    init?(bytes: [UInt8]) {
        do {
            var reader = CBORReader(bytes)
            guard try reader.array() == 3 else { return nil }
            peer = try reader.identifier()
            until = reader.takeNull() ? nil : WallTime(milliseconds: try reader.unsigned())
            tag = Array(try reader.bytes(maximum: 64))
        } catch {
            return nil
        }
    }
}
