public import CoreModel
import LocalNetwork
import RoomSync
import Secure
public import Wire

/// The rooms in an archive, without a running peer: for `earshot export` and `earshot forget`.
public struct KeptRooms {
    private let archive: any Archive
    private let own: PeerID
    /// The key that identifies the lobby of a relay's own archive.
    private let community: PeerID
    private let names: [PeerID: Nickname]
    /// The names that others reported for keys that were never met.
    private let reported: [PeerID: Nickname]
    /// The key that a name alone refers to: the one that had it last, or our own.
    private let holders: [Nickname: PeerID]
    /// The blocked people, whose messages are not shown.
    private let blocked: Set<PeerID>

    /// The error for a name that matches no stored room; the description is for the user.
    public struct NoSuchRoom: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Reads the names and blocked keys of an archive.
    /// - Parameter own: The peer that the archive belongs to.
    /// - Throws: If the archive cannot be read.
    public init(archive: any Archive, own: PeerID) throws(ArchiveError) {
        self.archive = archive
        self.own = own
        community = try archive.setting(ArchiveSetting.community).flatMap { PeerID($0) } ?? own
        var names: [PeerID: Nickname] = [:]
        var reported: [PeerID: Nickname] = [:]
        var holders: [Nickname: PeerID] = [:]
        let known = try archive.knownPeers()
        for peer in known.sorted(by: { ($0.lastSeen, $0.id) < ($1.lastSeen, $1.id) }) {
            guard let name = KnownNames.parts(of: peer.name)?.name else {
                reported[peer.id] = KnownNames.reported(in: peer.name)
                continue
            }
            names[peer.id] = name
            holders[name] = peer.id
        }
        if let kept = try archive.setting(ArchiveSetting.name),
            let name = try? Nickname(String(decoding: kept, as: UTF8.self))
        {
            names[own] = name
            holders[name] = own
        }
        self.names = names
        self.reported = reported
        self.holders = holders
        blocked = Set(known.filter(\.isBlocked).map(\.id))
    }

    /// Returns the logs that a text refers to: `lobby` (of every network), `lobby@RELAY-ID`, `@NAME`, `NAME` or a peer
    /// ID; nil means all.
    /// - Throws: ``NoSuchRoom`` if there is none.
    public func logs(named text: String?) throws -> [LogID] {
        let logs = try archive.logs()
        guard let text else { return logs }
        let found = logs.filter { log in
            switch log {
            case .lobby: text == "lobby"
            case .relayLobby(let relay): text == "lobby@\(relay)" || relay == community && text == "lobby"
            case .conversation(let peer): isMeant(peer, by: text)
            }
        }
        guard !found.isEmpty else {
            let known = Set(logs.map { "\(roomName(of: $0))" }).sorted().joined(separator: ", ")
            throw NoSuchRoom(
                description: "no messages are stored of \(text)" + (known.isEmpty ? "" : " (stored rooms: \(known))"))
        }
        return found
    }

    /// Returns the logs that a text refers to, for removal, which cannot be undone: a name shared by several people is
    /// refused.
    /// - Throws: ``NoSuchRoom`` if there is none, or if the text is ambiguous.
    public func logsToForget(named text: String) throws -> [LogID] {
        let logs = try logs(named: text)
        let partners = logs.compactMap { if case .conversation(let peer) = $0 { peer } else { nil } }
        guard partners.count < 2 else {
            let all = partners.map { "@\(exactName(of: $0))" }.joined(separator: ", ")
            throw NoSuchRoom(description: "several people were called \(text): choose one of \(all)")
        }
        return logs
    }

    private func isMeant(_ peer: PeerID, by text: String) -> Bool {
        let text = text.hasPrefix("@") ? text.dropFirst() : text[...]
        if PeerID(hexadecimal: String(text)) == peer { return true }
        let name = text.prefix { $0 != "#" }
        let digits = text[name.endIndex...].dropFirst().lowercased()
        guard let wanted = try? Nickname(String(name)), names[peer] == wanted else { return false }
        return peer.description.hasPrefix(digits)
    }

    /// Returns the messages of a log in order, and the number of messages by blocked people that are left out.
    public func messages(of log: LogID) throws(ArchiveError) -> (shown: [Event.Message], blockedCount: Int) {
        var messages: [Event.Message] = []
        var blockedCount = 0
        var partner: PeerID?
        if case .conversation(let peer) = log { partner = peer }
        for key in try archive.keys(of: log) {
            guard let kept = try archive.entry(key, in: log), let signed = try? SignedEntry(trusted: kept.bytes) else {
                continue
            }
            let entry = signed.entry
            guard !blocked.contains(entry.author) else {
                blockedCount += 1
                continue
            }
            messages.append(
                Event.Message(
                    room: roomName(of: log), isPrivate: roomName(of: log).isPrivate, from: name(of: entry.author),
                    fromID: entry.author, text: entry.shownText, kind: entry.kind, id: signed.id,
                    time: WallTime(milliseconds: entry.wallTime), lamport: entry.lamport, isHistory: true,
                    isOwn: entry.author == own, hasGap: false, partner: partner))
        }
        return (messages, blockedCount)
    }

    /// Returns the name of a key; with the beginning of the key if another key has the name by now.
    private func name(of peer: PeerID) -> String {
        guard let name = names[peer] else {
            return reported[peer].map { peer.exactName($0.text) } ?? peer.placeholderName
        }
        return holders[name] == peer ? name.text : exactName(of: peer)
    }

    private func exactName(of peer: PeerID) -> String { peer.exactName(names[peer]?.text ?? "") }

    private func roomName(of log: LogID) -> RoomName {
        switch log {
        // A relay's archive has its own lobby.
        case .lobby, .relayLobby(community): .lobby
        case .relayLobby(let relay): .relayLobby(relay: "\(relay)")
        case .conversation(let peer): .conversation(with: name(of: peer))
        }
    }

    /// Drops all entries of a log and raises its floor, so that they do not come back from other peers. Must be
    /// committed.
    /// - Returns: The number of entries dropped.
    public func forget(_ log: LogID) throws(ArchiveError) -> Int {
        // The room ID is irrelevant to dropping entries.
        var kept = try RoomLog(log: log, room: .lobby, archive: archive)
        return try kept.forget()
    }
}
