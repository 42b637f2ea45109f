import Secure
public import Wire

/// What an archive holds, looked at without a running peer: for `earshot export` and `earshot forget`.
public struct KeptRooms {
    private let archive: any Archive
    private let own: PeerID
    private let names: [PeerID: Nickname]

    /// What we were called last.
    static let nameSetting = "name"

    /// Nothing here is called that; the text says so to a person.
    public struct NoSuchRoom: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter own: whose archive it is.
    public init(archive: any Archive, own: PeerID) throws(ArchiveError) {
        self.archive = archive
        self.own = own
        var names: [PeerID: Nickname] = [:]
        for peer in try archive.knownPeers() { names[peer.id] = try? Nickname(peer.name) }
        if let name = try archive.setting(Self.nameSetting) {
            names[own] = try? Nickname(String(decoding: name, as: UTF8.self))
        }
        self.names = names
    }

    /// The logs that a person means: `lobby` (of every network), `lobby@RELAY-ID`, `@NAME`, `NAME`, a peer ID. Nil means
    /// all.
    public func logs(named text: String?) throws -> [LogID] {
        let logs = try archive.logs()
        guard let text else { return logs }
        let found = logs.filter { log in
            switch log {
            case .lobby: text == "lobby"
            case .relayLobby(let relay): text == "lobby@\(relay)" || relay == own && text == "lobby"
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

    private func isMeant(_ peer: PeerID, by text: String) -> Bool {
        let name = text.hasPrefix("@") ? String(text.dropFirst()) : text
        if PeerID(hexadecimal: name) == peer { return true }
        guard let wanted = try? Nickname(name), let known = names[peer] else { return false }
        return known == wanted
    }

    /// What was said, in order.
    public func messages(of log: LogID) throws(ArchiveError) -> [Event.Message] {
        var messages: [Event.Message] = []
        for key in try archive.keys(of: log) {
            guard let kept = try archive.entry(key, in: log), let signed = try? SignedEntry(trusted: kept.bytes) else {
                continue
            }
            let entry = signed.entry
            messages.append(
                Event.Message(
                    room: roomName(of: log), isPrivate: roomName(of: log).isPrivate, from: name(of: entry.author),
                    fromID: entry.author, text: entry.body, kind: entry.kind, id: signed.id,
                    time: WallTime(milliseconds: entry.wallTime), lamport: entry.lamport, isHistory: true,
                    isOwn: entry.author == own, hasGap: false))
        }
        return messages
    }

    private func name(of peer: PeerID) -> String { names[peer]?.text ?? peer.placeholderName }

    private func roomName(of log: LogID) -> RoomName {
        switch log {
        // A relay's archive has its own lobby.
        case .lobby, .relayLobby(own): .lobby
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

extension RoomName {
    var isPrivate: Bool {
        if case .conversation = self { true } else { false }
    }
}
