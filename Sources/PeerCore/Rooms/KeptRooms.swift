public import CoreModel
import LocalNetwork
import RoomSync
import Secure
public import Wire

/// What an archive holds, looked at without a running peer: for `earshot export` and `earshot forget`.
public struct KeptRooms {
    private let archive: any Archive
    private let own: PeerID
    /// The key that the lobby of a relay's own archive is known by.
    private let community: PeerID
    private let names: [PeerID: Nickname]
    /// What others called keys that were never met.
    private let reported: [PeerID: Nickname]
    /// The key that is meant by a name alone: the one that had it last, or our own.
    private let holders: [Nickname: PeerID]
    /// People of whom nothing is to be seen.
    private let blocked: Set<PeerID>

    /// Nothing here is called that; the text says so to a person.
    public struct NoSuchRoom: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter own: whose archive it is.
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

    /// The logs that a person means: `lobby` (of every network), `lobby@RELAY-ID`, `@NAME`, `NAME`, a peer ID. Nil means
    /// all.
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
                description: "nothing is kept of \(text)" + (known.isEmpty ? "" : " (there is: \(known))"))
        }
        return found
    }

    /// The same for dropping them, which cannot be undone: of several people who were called so none is meant.
    public func logsToForget(named text: String) throws -> [LogID] {
        let logs = try logs(named: text)
        let partners = logs.compactMap { if case .conversation(let peer) = $0 { peer } else { nil } }
        guard partners.count < 2 else {
            let all = partners.map { "@\(exactName(of: $0))" }.joined(separator: ", ")
            throw NoSuchRoom(description: "several were called \(text): say which, one of \(all)")
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

    /// What was said, in order, and how many lines by people who are blocked are not among it.
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

    /// A name that another key has by now is shown with the beginning of the key.
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

    /// Drops all of a log, so that it does not come back from others either. To be committed.
    /// - Returns: how many entries it had.
    public func forget(_ log: LogID) throws(ArchiveError) -> Int {
        // Which room it is plays no part in forgetting.
        var kept = try RoomLog(log: log, room: .lobby, archive: archive)
        return try kept.forget()
    }
}
